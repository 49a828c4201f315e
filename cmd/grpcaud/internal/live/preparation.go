package live

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
	"github.com/grpcaud/grpcaud/tokensource"
)

// otherService names the token of the most important call.
const otherService = "a token for another service"

// preparations return the calls to make, in order. Each requests its token only when
// its turn comes.
func (p *Prober) preparations() []func(context.Context) *probe {
	all := []func(context.Context) *probe{
		func(context.Context) *probe {
			return &probe{What: "no token", Want: audience.ReasonCredentialsMissing, harmless: true, required: true}
		},
		p.foreign, p.forged, p.otherAudience, p.withoutScope, p.otherClient,
	}
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		all = append(all, func(ctx context.Context) *probe {
			next := &probe{What: "the token of " + name, required: true}
			p.expect(ctx, next, p.Files[name])
			return next
		})
	}
	return all
}

// expect makes a call present a token, if the matrix refuses the token, and, if reasons
// are given, refuses it for one of them. Otherwise the call is skipped.
func (p *Prober) expect(ctx context.Context, next *probe, token string, reasons ...audience.Reason) bool {
	s := p.at.Explain(ctx, p.verifier, token, time.Now())
	switch {
	case s.Verdict == explain.Unclear:
		next.Result, next.Text = unknown, "the token could not be verified here: "+s.FailedCheck()
	case s.Verdict == explain.Admitted:
		next.Result, next.Text = skipped, "the matrix admits it"
	case len(reasons) > 0 && !slices.Contains(reasons, s.Peer.Reason):
		next.Result, next.Text = skipped, fmt.Sprintf("the matrix refuses it for %s already", s.Peer.Reason)
	default:
		next.Result, next.Text, next.token, next.Want = "", "", token, s.Peer.Reason
		return true
	}
	return false
}

// foreign calls with a token of an issuer that nobody trusts.
func (p *Prober) foreign(ctx context.Context) *probe {
	next := &probe{What: "a token of another issuer", harmless: true, required: true}
	client, scope := p.admittedClient()
	p.expect(ctx, next, foreignToken(p.service.Audiences[0], client, scope))
	return next
}

// forged calls with a token that the matrix admits, but with a signature that nobody
// made.
func (p *Prober) forged(ctx context.Context) *probe {
	next := &probe{What: "a forged token", harmless: true, Text: "no client with credentials here gets a signed token for the service"}
	return p.first(ctx, next, p.tries(p.policy), audience.ReasonTokenInvalid, nil, forgedToken)
}

// admittedClient returns the id of a client that may call the method, and the scopes
// that it needs.
func (p *Prober) admittedClient() (id, scope string) {
	name := p.at.Method[strings.LastIndexByte(p.at.Method, '/')+1:]
	for _, a := range p.service.Allow {
		if slices.Contains(a.Methods, name) || slices.Contains(a.Methods, descriptor.EveryMethod) {
			if len(a.Clients) > 0 {
				id = p.matrix.Clients[a.Clients[0]].ID
			}
			return id, strings.Join(slices.Concat(a.Scopes, a.AnyScopes), " ")
		}
	}
	return "", ""
}

// otherAudience calls with a token of the same issuer for another service. By default
// the server could request that token itself, as the client that it is, so it gains
// nothing. If a service is named, a token of a client that may call is preferred: then
// only the audience is wrong.
func (p *Prober) otherAudience(ctx context.Context) *probe {
	why := fmt.Sprintf("no token for another service can be tried without risk, since %s can request none itself: name a service whose token may be sent to it, with --live-other", p.Service)
	clients, services := p.ownClients(), files.ServiceNames(p.matrix)
	if len(services) == 1 {
		why = "the matrix has no other service, a token for which could be tried"
	}
	if p.Other != "" {
		why = fmt.Sprintf("no client with credentials here gets a token for %s alone", p.Other)
		clients, services = slices.Concat(p.mayCall(p.policy), clients, p.Clients), []string{p.Other}
	}
	var tries []try
	for _, client := range clients {
		for _, service := range services {
			if service != p.Service && tokenrequest.MayCall(p.policy, client, service) && p.acceptsIssuerOf(client) {
				tries = append(tries, try{client, service})
			}
		}
	}
	return p.first(ctx, &probe{What: otherService, Text: why, required: true}, tries, audience.ReasonAudienceMismatch, nil, nil)
}

// ownClients returns the names under which the matrix has the service as a client.
func (p *Prober) ownClients() []string {
	return slices.DeleteFunc(slices.Clone(p.Clients), func(name string) bool {
		return !slices.Contains(p.service.Audiences, p.matrix.Clients[name].ID)
	})
}

// acceptsIssuerOf reports whether the service accepts tokens of the client's issuer.
func (p *Prober) acceptsIssuerOf(client string) bool {
	return slices.Contains(p.service.Issuers, p.matrix.Clients[client].Issuer)
}

// withoutScope calls with a token for the service that lacks the scope.
func (p *Prober) withoutScope(ctx context.Context) *probe {
	next := &probe{What: "a token without its scope", Text: "no client with credentials here gets a token that lacks a scope of the method"}
	return p.first(ctx, next, p.tries(p.policy), audience.ReasonScopeInsufficient, func(r *tokensource.Request) { r.Scope = "" }, nil)
}

// otherClient calls with a token for the service, of a client that may not call the
// method.
func (p *Prober) otherClient(ctx context.Context) *probe {
	next := &probe{What: "a client that is not allowed", Text: "the issuer gives no client with credentials here a token for the service that the method is closed to"}
	return p.first(ctx, next, p.tries(p.permissive), audience.ReasonClientNotAllowed, nil, nil)
}

// mayCall returns the clients that a policy lets call the service.
func (p *Prober) mayCall(policy *access.Policy) []string {
	return slices.DeleteFunc(slices.Clone(p.Clients), func(client string) bool {
		return !tokenrequest.MayCall(policy, client, p.Service)
	})
}

// tries returns the tokens for the service that a policy lets clients request.
func (p *Prober) tries(policy *access.Policy) []try {
	var all []try
	for _, client := range p.mayCall(policy) {
		all = append(all, try{client, p.Service})
	}
	return all
}

// try is a token to request: of a client, for a service.
type try struct{ client, service string }

// first prepares a call with the first of the tokens that the matrix refuses for this
// reason. change changes the request for the token, and alter the token; both may be nil.
// If there is no such token, the call is skipped, and its text says why.
func (p *Prober) first(ctx context.Context, next *probe, tries []try, reason audience.Reason, change func(*tokensource.Request), alter func(string) string) *probe {
	for _, t := range tries {
		token, err := p.request(ctx, t, change)
		if err != nil {
			continue
		}
		if alter != nil {
			token = alter(token)
		}
		with := *next
		with.Client = t.client
		if p.expect(ctx, &with, token, reason) || with.Result == unknown {
			return &with
		}
	}
	next.Result = skipped
	return next
}

// request requests a token.
func (p *Prober) request(ctx context.Context, t try, change func(*tokensource.Request)) (string, error) {
	if err := tokenrequest.CheckCredentials(p.matrix.Clients[t.client]); err != nil {
		return "", err
	}
	client := p.clients[t.client]
	if client == nil {
		var err error
		if client, err = tokenrequest.NewClient(p.permissive, t.client, p.Transport); err != nil {
			return "", err
		}
		p.clients[t.client] = client
	}
	tokens, request, err := client.Tokens(t.service)
	if err != nil {
		return "", err
	}
	if change != nil {
		change(&request)
	}
	token, err := tokens.Token(ctx, request)
	return token.Reveal(), err
}
