package testutil

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	clientCredentials = "client_credentials"
	tokenExchange     = "urn:ietf:params:oauth:grant-type:token-exchange"
)

// tokenResponse is a successful response (RFC 6749, section 5.1, and RFC 8693,
// section 2.2.1).
type tokenResponse struct {
	AccessToken     string `json:"access_token"`
	IDToken         string `json:"id_token,omitempty"`
	RefreshToken    string `json:"refresh_token,omitempty"`
	IssuedTokenType string `json:"issued_token_type,omitempty"`
	TokenType       string `json:"token_type"`
	ExpiresIn       int64  `json:"expires_in"`
	Scope           string `json:"scope,omitempty"`
}

func (i *Issuer) grant(c Client, form url.Values) (any, *refusal) {
	switch got := form.Get("grant_type"); got {
	case clientCredentials:
		return i.grantClient(c, form)
	case tokenExchange:
		return i.exchange(c, form)
	case jwtBearer:
		return i.bearer(c, form)
	case authorizationCode:
		return i.redeem(c, form)
	case refreshToken:
		return i.renew(c, form)
	case "":
		return nil, refuse("invalid_request", "grant_type is missing")
	default:
		return nil, refuse("unsupported_grant_type", fmt.Sprintf("got grant_type %q", got))
	}
}

// grantClient is the client credentials grant (RFC 6749, section 4.4).
func (i *Issuer) grantClient(c Client, form url.Values) (any, *refusal) {
	audiences, scope, err := i.target(c, form)
	if err != nil {
		return nil, err
	}
	return tokenResponse{
		AccessToken: i.issue(c, Claims{"sub": c.ID}, audiences, scope),
		TokenType:   "Bearer",
		ExpiresIn:   int64(i.options.lifetime / time.Second),
		Scope:       scope,
	}, nil
}

// target returns the audiences that the form requests, as audience, as resource (RFC
// 8707, section 2) or by scopes (see [AudienceScope]), and the scopes that c is granted
// there: those that it requests, or else all that it may have.
func (i *Issuer) target(c Client, form url.Values) (audiences []string, scope string, err *refusal) {
	asked, wanted := slices.Concat(form["audience"], form["resource"]), strings.Fields(form.Get("scope"))
	if i.options.template != "" {
		if form.Get("grant_type") != tokenExchange {
			asked = nil
		}
		named, rest := c.split(i.options.template, wanted)
		asked, wanted = append(asked, named...), rest
	}
	var allowed []string
	for _, a := range asked {
		if !slices.Contains(c.Audiences, a) {
			return nil, "", refuse("invalid_target", fmt.Sprintf("%s may not have a token for %q", c.ID, a))
		}
		if !slices.Contains(audiences, a) {
			audiences = append(audiences, a)
			allowed = append(allowed, c.Scopes[a]...)
		}
	}
	for _, s := range wanted {
		if !slices.Contains(allowed, s) {
			return nil, "", refuse("invalid_scope", fmt.Sprintf("%s may not have %q", c.ID, s))
		}
	}
	if audiences == nil {
		return nil, "", refuse("invalid_target", "no audience is asked for")
	}
	if len(wanted) == 0 {
		wanted = allowed
	}
	return audiences, strings.Join(wanted, " "), nil
}

// split separates the scopes that name audiences of c by the template from the others.
func (c Client) split(template string, scopes []string) (audiences, rest []string) {
	for _, s := range scopes {
		named := func(a string) bool { return s == strings.ReplaceAll(template, "{audience}", a) }
		if at := slices.IndexFunc(c.Audiences, named); at >= 0 {
			audiences = append(audiences, c.Audiences[at])
		} else {
			rest = append(rest, s)
		}
	}
	return audiences, rest
}
