package interceptor

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// LoginOnBehalfOf returns what a front end must request at a user's login, so that its
// calls for the user ([Client.ForUser]) to these services of the matrix work on
// connections of [Client.DialOnBehalfOf]. They are the scopes that the services demand,
// and for some issuers an audience: Entra ID and AD FS exchange only a token for the
// client itself, and ZITADEL only one that has the audiences of the services already.
//
//	scopes, parameters, err := as.LoginOnBehalfOf("order-status")
//	config.Scopes = append([]string{oidc.ScopeOpenID}, scopes...)
//	address := config.AuthCodeURL(state, append(parameters, oauth2.S256ChallengeOption(verifier))...)
//	token, err := config.Exchange(ctx, code, append(parameters, oauth2.VerifierOption(verifier))...)
//
// Add openid, and what the front end wants for itself, such as offline_access. Give
// parameters to both calls: some issuers read them at the second one.
//
// A service that is not in the matrix, or that the client may not call, is an error. So
// is a set of services for which one login is not enough at the issuer, and an issuer that
// exchanges no tokens.
func (c *Client) LoginOnBehalfOf(services ...string) (scopes []string, parameters []oauth2.AuthCodeOption, err error) {
	return c.plan.Load().login(onBehalfOf, services)
}

// LoginForward is [Client.LoginOnBehalfOf] for connections of [Client.DialForward]: the
// user's token itself must have the audience of each service, by a scope or by a
// parameter, as the matrix or the issuer's preset says. Where the issuer takes it by a
// parameter, or gives tokens for one audience only, all services must have the same.
func (c *Client) LoginForward(services ...string) (scopes []string, parameters []oauth2.AuthCodeOption, err error) {
	return c.plan.Load().login(forwardToken, services)
}

// login returns what the login of a user must request for calls to these services.
func (p *plan) login(how propagation, services []string) ([]string, []oauth2.AuthCodeOption, error) {
	if len(services) == 0 {
		return nil, nil, errors.New("interceptor: a login for no service; name the services of the matrix that are called for the user")
	}
	var scopes, audiences []string
	for _, name := range services {
		target, err := p.policy.Target(p.name, name)
		if err != nil {
			return nil, nil, fmt.Errorf("interceptor: %w%s", err, p.advice(name))
		}
		scopes, audiences = append(scopes, target.Scopes...), append(audiences, target.Audience)
	}
	slices.Sort(audiences)
	from := p.settings.issuer.Provider()
	l := login{issuer: p.settings.issuer.URL, client: p.settings.client.ID, oneAudience: from.Request.OneAudience, scopes: scopes, audiences: slices.Compact(audiences)}
	if how == onBehalfOf {
		if err := p.forExchange(&l); err != nil {
			return nil, nil, err
		}
	}
	if how == forwardToken && from.Token.NoAudience {
		return nil, nil, fmt.Errorf("interceptor: the tokens of issuer %q have no aud, and such a token is not forwarded", p.settings.issuer.URL)
	}
	if len(l.audiences) > 0 {
		if err := l.ask(p.asksLogin()); err != nil {
			return nil, nil, err
		}
	}
	slices.Sort(l.scopes)
	return slices.Compact(l.scopes), l.parameters, nil
}

// login is what the login of a user requests.
type login struct {
	issuer      string // its URL
	client      string // its id
	oneAudience bool   // an authorization server of the provider has one audience
	scopes      []string
	audiences   []string // that the token must have
	parameters  []oauth2.AuthCodeOption
}

// forExchange changes a login whose token is exchanged.
func (p *plan) forExchange(l *login) error {
	from := p.settings.issuer.Provider()
	switch ask := from.Request; {
	case p.cache == nil:
		return fmt.Errorf("interceptor: clients.%s has token_files, and exchanges no tokens: forward the user's token", p.name)
	case from.Advice.NoExchange:
		return fmt.Errorf("interceptor: %s has no token exchange (RFC 8693): forward the user's token", from.Product)
	case ask.OnBehalfOf: // what the services demand is part of the consent to this client
		l.audiences, l.scopes = []string{l.client}, nil
	case ask.Audience.Scope != "" && ask.Exchange.Parameter != "": // an exchange adds no audience
	default:
		l.audiences = nil
	}
	return nil
}

// byTokenURL is the ask of an issuer that has a token endpoint for each audience.
const byTokenURL = "token_urls"

// asksLogin returns how a login states an audience.
func (p *plan) asksLogin() provider.Ask {
	ask, known := p.settings.issuer.Ask, p.settings.issuer.Provider().Request.Audience
	switch {
	case ask.Parameter == "nothing":
		return provider.Ask{Nothing: true}
	case ask.Parameter != "" || ask.Scope != "":
		return provider.Ask{Parameter: ask.Parameter, Scope: ask.Scope}
	case len(ask.TokenURLs) > 0:
		return provider.Ask{Parameter: byTokenURL}
	case known.Scope == "" && !known.Nothing:
		known.Parameter = cmp.Or(known.Parameter, "audience")
	}
	return known
}

// entireConsent ends the scope of Entra ID for all that was consented to at one API. A
// request can have no scope beside it.
const entireConsent = "/.default"

// ask states the audiences of l.
func (l *login) ask(by provider.Ask) error {
	several := len(l.audiences) > 1
	switch {
	case by.Nothing && !(several && l.oneAudience):
		return nil
	case by.Parameter == byTokenURL:
		return fmt.Errorf("interceptor: issuer %q has a token endpoint for each audience (ask: token_urls), and a login has one: exchange the user's token, or write an issuer for each", l.issuer)
	case several && (by.Nothing || by.Parameter != "" || strings.HasSuffix(by.Scope, entireConsent)):
		return fmt.Errorf("interceptor: one login at issuer %q requests one audience, and the services have %q: exchange the user's token, or log the user in for each", l.issuer, l.audiences)
	case by.Parameter != "":
		return l.askByParameter(by.Parameter, l.audiences[0])
	case strings.HasSuffix(by.Scope, entireConsent):
		l.scopes = nil
	}
	for _, audience := range l.audiences {
		if strings.ContainsAny(audience, " \t\r\n") {
			return fmt.Errorf("interceptor: audience %q cannot be part of a scope: it has spaces", audience)
		}
		l.scopes = append(l.scopes, strings.ReplaceAll(by.Scope, "{audience}", audience))
	}
	return nil
}

// askByParameter states an audience in a parameter. The id of the client need not be a URI:
// AD FS has no such rule.
func (l *login) askByParameter(name, audience string) error {
	if u, err := url.Parse(audience); name == "resource" && audience != l.client && (err != nil || !u.IsAbs() || strings.Contains(audience, "#")) {
		return fmt.Errorf("interceptor: the parameter resource: got %q, want an absolute URI without a fragment (RFC 8707)", audience)
	}
	l.parameters = append(l.parameters, oauth2.SetAuthURLParam(name, audience))
	return nil
}
