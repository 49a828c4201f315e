package tokensource

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
)

// Strategy is how a source asks an authorization server for an audience. It is
// sealed: values come from [ByAudience], [ByResource], [ByScope], [ByTokenURL] and
// [ByNothing], and never change.
type Strategy interface {
	check(o *options) error
	// ask puts the audiences of r into a form.
	ask(form url.Values, r Request) error
}

// Ask sets how the source asks for an audience. The default is that of the [Preset],
// or [ByAudience]. Where a preset asks differently in a token exchange
// (ZITADEL), that stays; Keycloak is told the audience besides.
func Ask(s Strategy) Option { return option(func(o *options) { o.server.ask = &s }) }

// ByAudience names each audience in a parameter audience (RFC 8693, section 2.1;
// beyond the exchange it is a widespread extension).
func ByAudience() Strategy { return byParameter("audience") }

// ByResource names each audience in a parameter resource (RFC 8707, section 2). A
// request for an audience that is no absolute URI, or has a fragment, is refused.
func ByResource() Strategy { return byParameter("resource") }

type byParameter string

func (byParameter) check(*options) error { return nil }

func (p byParameter) ask(form url.Values, r Request) error {
	form[string(p)] = r.audiences()
	if p != "resource" {
		return nil
	}
	for _, audience := range r.audiences() {
		if u, err := url.Parse(audience); err != nil || !u.IsAbs() || strings.Contains(audience, "#") {
			return fmt.Errorf("%w: resource: got %s, want an absolute URI without a fragment (RFC 8707)", ErrRefused, quote(audience))
		}
	}
	return nil
}

// narrowed names each audience in a parameter audience, beside another way.
type narrowed struct{ Strategy }

func (n narrowed) ask(form url.Values, r Request) error {
	return errors.Join(n.Strategy.ask(form, r), byParameter("audience").ask(form, r))
}

// placeholder stands for the audience in templates.
const placeholder = "{audience}"

// ByScope asks for a scope that stands for the audience, such as
// "{audience}/.default"; template has {audience} in its place. The scopes of the
// request follow.
func ByScope(template string) Strategy { return byScope(template) }

type byScope string

func (t byScope) check(*options) error {
	if !strings.Contains(string(t), placeholder) {
		return fmt.Errorf("tokensource: scope template: got %q, want %s in it", string(t), placeholder)
	}
	return nil
}

func (t byScope) ask(form url.Values, r Request) error {
	for _, audience := range r.audiences() {
		if strings.ContainsAny(audience, " \t\r\n") {
			return fmt.Errorf("%w: audience %s cannot be part of a scope: it has spaces", ErrRefused, quote(audience))
		}
		addScope(form, strings.ReplaceAll(string(t), placeholder, audience))
	}
	return nil
}

// addScope appends to the scopes of a form.
func addScope(form url.Values, scope string) {
	form.Set("scope", strings.TrimSpace(form.Get("scope")+" "+scope))
}

// ByTokenURL asks a token endpoint of its own for each audience, and sends no name:
// the endpoint fixes the audience. There is no discovery, and none but the
// audiences of urls can be had. Client assertions are addressed to the issuer of the
// source all the same: where the endpoints have issuers of their own, [PrivateKeyJWT]
// wants a source for each.
func ByTokenURL(urls map[string]string) Strategy { return byTokenURL(maps.Clone(urls)) }

type byTokenURL map[string]string

func (b byTokenURL) check(o *options) error {
	if len(b) == 0 {
		return errors.New("tokensource: no token URL for any audience")
	}
	for audience, u := range b {
		if err := o.checkURL(u); err != nil {
			return fmt.Errorf("tokensource: token URL of %q: %w", audience, err)
		}
	}
	return nil
}

func (b byTokenURL) ask(_ url.Values, r Request) error {
	switch {
	case b[r.Audience] == "":
		return fmt.Errorf("%w: no token URL is set for audience %s", ErrRefused, quote(r.Audience))
	case len(r.Also) > 0:
		return fmt.Errorf("%w: one token endpoint for each audience gives no token for several", ErrRefused)
	}
	return nil
}

// ByNothing sends no name: the provider fixes the audience by the client or by the
// scopes of the request. What comes back must still be for the audience asked for.
func ByNothing() Strategy { return byNothing{} }

type byNothing struct{}

func (byNothing) check(*options) error          { return nil }
func (byNothing) ask(url.Values, Request) error { return nil }
