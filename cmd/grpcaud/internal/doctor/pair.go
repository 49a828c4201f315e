package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/remedy"
	"github.com/grpcaud/grpcaud/tokensource"
)

// examinePair requests the token of a client for a service, and checks it.
func (c *Examiner) examinePair(ctx context.Context, p pair) row {
	r := row{Allowed: tokenrequest.MayCall(c.policy, p.client, p.service)}
	r.Diagnosis = tokenrequest.Diagnosis{Client: p.client, Service: p.service, Result: tokenrequest.OK}
	s, ours := c.matrix.Services[p.service]
	if why := c.skipReason(p); why != "" {
		r.Result, r.Text = tokenrequest.Skipped, why
		return r
	}
	target, err := c.permissive.Target(p.client, p.service)
	if err != nil {
		panic(err) // only pairs that may call under this policy are examined
	}
	token, err := tokenrequest.Fetch(ctx, c.clients[p.client], p.service, tokenrequest.Subject{})
	switch {
	case err != nil && r.Allowed:
		r.Diagnosis = *tokenrequest.Diagnose(p.client, target, err)
	case err != nil:
		r.expectedDenial(tokenrequest.Diagnose(p.client, target, err), err)
	case !r.Allowed:
		c.markWider(&r, target)
	case ours:
		c.markVerdict(ctx, &r, token, target, methodsAsService(s, p.client))
	}
	if r.Result == tokenrequest.OK && r.Allowed {
		c.markBroad(&r, token)
	}
	return r
}

// skipReason says why no token is requested; empty if one is.
func (c *Examiner) skipReason(p pair) string {
	files := c.matrix.Clients[p.client].TokenFiles
	switch {
	case len(files) > 0 && files[p.service] == "":
		return "token_files has no file for it"
	case c.onlyForUsers(p.client, p.service):
		return "only users may call: give the token of one, with --user-token-file"
	}
	return ""
}

// onlyForUsers reports whether a client may call a service of the matrix, and only for
// users.
func (c *Examiner) onlyForUsers(client, service string) bool {
	return c.callsForUsers(client, service) && len(methodsAsService(c.matrix.Services[service], client)) == 0
}

// methodsAsService lists the methods of a service that a client may call as itself.
func methodsAsService(s access.Service, client string) []string {
	return methodsOf(s, client, func(a access.Allow) bool {
		return a.Callers != access.UsersOnly && len(a.ACR) == 0 && a.MaxAuthAge == 0
	})
}

// methodsForUsers lists the methods of a service that a client may call for users.
func methodsForUsers(s access.Service, client string) []string {
	return methodsOf(s, client, func(a access.Allow) bool { return a.Callers != access.ServicesOnly })
}

// methodsOf lists the methods of the entries that name a client and that f holds for.
func methodsOf(s access.Service, client string, f func(access.Allow) bool) []string {
	var methods []string
	for _, a := range s.Allow {
		if f(a) && (a.AnyClient || slices.Contains(a.Clients, client)) {
			methods = append(methods, a.Methods...)
		}
	}
	slices.Sort(methods)
	return slices.Compact(methods)
}

// expectedDenial records that a client got no token for a service that it may not call.
// That is right, unless it proves nothing: the issuer could not be asked, or does not
// know the client, which is reported for the services that it may call.
func (r *row) expectedDenial(d *tokenrequest.Diagnosis, err error) {
	refusal, _ := errors.AsType[*tokensource.TokenError](err)
	switch {
	case d.Result == explain.Unclear:
		r.Diagnosis = *d
	case refusal != nil && refusal.Code == "invalid_client":
		r.Result, r.Text = tokenrequest.Skipped, d.Text
	}
}

// markWider records a token that the matrix does not allow. At issuers that give every
// client a token for every audience, that is normal.
func (c *Examiner) markWider(r *row, target access.Target) {
	switch {
	case target.Issuer.TokenPreset().MintsAnyAudience():
		r.Text = "this kind of issuer gives every client a token for every audience"
		return
	case target.Audience == c.idOf(r.Client):
		r.Text = "the audience is the client itself: no other client can use the token there"
		return
	}
	r.Result = tokenrequest.Wider
	r.Text = fmt.Sprintf("the issuer gives %s a token for %s; the matrix does not let it call", r.Client, target.Audience)
	r.Fix = remedy.Situation{
		Names:  provider.Names{Audience: target.Audience, Client: c.idOf(r.Client), Issuer: target.Issuer.URL, Place: target.Issuer.Place},
		Preset: target.Issuer.Provider().Preset,
	}.Wider()
}

// markBroad records a token that other services of the matrix accept too.
func (c *Examiner) markBroad(r *row, token string) {
	var others []string
	for _, aud := range explain.Decode(token).Audiences() {
		if name := c.serviceOfAudience(aud); name != "" && name != r.Service && aud != c.idOf(r.Client) {
			others = append(others, name)
		}
	}
	if len(others) > 0 {
		r.Result = tokenrequest.Broad
		r.Accepting = others
		r.Text = fmt.Sprintf("with this token, %s can call other services", r.Service)
		r.Fix = "have the issuer put one audience into a token: the requested one"
	}
}

// idOf returns the id of a client in tokens.
func (c *Examiner) idOf(client string) string { return cmp.Or(c.matrix.Clients[client].ID, client) }

// serviceOfAudience returns the service with that audience; empty if there is none.
func (c *Examiner) serviceOfAudience(aud string) string {
	for _, name := range files.ServiceNames(c.matrix) {
		if slices.Contains(c.matrix.Services[name].Audiences, aud) || c.matrix.External[name].Audience == aud {
			return name
		}
	}
	return ""
}

// operations returns methods of a service without gRPC services: its operations that are not
// closed stand for all methods.
func (c *Examiner) operations(service string, methods []string) []string {
	if !slices.Contains(methods, descriptor.EveryMethod) {
		return methods
	}
	var all []string
	for _, o := range c.policy.Operations(service) {
		if !slices.Contains(c.matrix.Services[service].Closed, o.Method) {
			all = append(all, o.Method)
		}
	}
	return all
}

// markVerdict judges the token at each of these methods, and records the first refusal.
func (c *Examiner) markVerdict(ctx context.Context, r *row, token string, target access.Target, at []string) {
	var methods []string
	var first *explain.Explanation
	if len(target.GRPC) == 0 {
		at = c.operations(r.Service, at)
	}
	for _, method := range at {
		full := r.Service + "/" + method // an operation
		if len(target.GRPC) > 0 {
			full = target.GRPC[0] + "/" + method
		}
		t, err := explain.GuardedMethodAt(c.policy, r.Service, full)
		if err != nil {
			panic(err) // it is a method of the service
		}
		s := t.Explain(ctx, c.verifiers[r.Service], token, time.Now())
		if s.Verdict == explain.Admitted || first != nil && s.Cause != first.Cause {
			continue
		}
		if first == nil {
			first = s
		}
		methods = append(methods, method)
	}
	if first != nil {
		r.Result, r.Fix, r.Text = first.Verdict, first.Fix, first.FailedCheck()
		r.Cause, r.Reason, r.Methods = first.Cause, first.Cause.Reason(), methods
	}
}
