package tokensource

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
)

// audienceStyle is how a token request states its audiences. Values never change.
type audienceStyle interface {
	// checkOptions refuses a value that can never work.
	checkOptions(o *oauthOptions) error
	// check refuses a request whose audiences cannot be stated.
	check(r Request) error
	// set adds the audiences of r, which check has accepted, to a form.
	set(form url.Values, r Request)
}

func askWith(s audienceStyle) OAuthOption { return oauthOption(func(o *oauthOptions) { o.ask = s }) }

// AskByAudience states each audience in a parameter audience (RFC 8693, section 2.1;
// in other requests a common extension). That is the default, unless the [Preset]
// has another. If several options begin with Ask, the last one counts. A preset
// that asks differently in a token exchange (ZITADEL) still does; Keycloak gets the
// audience in an exchange as well.
func AskByAudience() OAuthOption { return askWith(audienceParameter) }

// AskByResource states each audience in a parameter resource (RFC 8707, section 2). A
// request for an audience that is not an absolute URI, or has a fragment, is refused.
func AskByResource() OAuthOption { return askWith(resourceParameter) }

const (
	audienceParameter parameterStyle = "audience"
	resourceParameter parameterStyle = "resource"
)

// parameterStyle is the name of a parameter.
type parameterStyle string

func (parameterStyle) checkOptions(*oauthOptions) error { return nil }

func (p parameterStyle) check(r Request) error {
	if p != resourceParameter {
		return nil
	}
	for _, audience := range r.audiences() {
		if u, err := url.Parse(audience); err != nil || !u.IsAbs() || strings.Contains(audience, "#") {
			return fmt.Errorf("%w: resource: got %s, want an absolute URI without a fragment (RFC 8707)", ErrRefused, quote(audience))
		}
	}
	return nil
}

func (p parameterStyle) set(form url.Values, r Request) { form[string(p)] = r.audiences() }

// alsoAudience adds a parameter audience to another style.
type alsoAudience struct{ audienceStyle }

func (a alsoAudience) set(form url.Values, r Request) {
	a.audienceStyle.set(form, r)
	audienceParameter.set(form, r)
}

// placeholder stands for the audience in templates.
const placeholder = "{audience}"

// AskByScope requests a scope for each audience, such as "{audience}/.default". In the
// template, {audience} is replaced by the audience. The scopes of the request follow.
func AskByScope(template string) OAuthOption { return askWith(scopeTemplate(template)) }

type scopeTemplate string

func (t scopeTemplate) checkOptions(*oauthOptions) error {
	if !strings.Contains(string(t), placeholder) {
		return fmt.Errorf("tokensource: scope template: got %q, want %s in it", string(t), placeholder)
	}
	return nil
}

func (t scopeTemplate) check(r Request) error {
	for _, audience := range r.audiences() {
		if strings.ContainsAny(audience, " \t\r\n") {
			return fmt.Errorf("%w: audience %s cannot be part of a scope: it has spaces", ErrRefused, quote(audience))
		}
	}
	return nil
}

func (t scopeTemplate) set(form url.Values, r Request) {
	for _, audience := range r.audiences() {
		addScope(form, strings.ReplaceAll(string(t), placeholder, audience))
	}
}

// addScope appends to the scopes of a form.
func addScope(form url.Values, scope string) {
	form.Set("scope", strings.TrimSpace(form.Get("scope")+" "+scope))
}

// AskByTokenURL uses a token endpoint of its own for each audience, and states no
// audience: the endpoint determines it. The issuer's metadata is not read, and
// requests for audiences that are not in urls are refused. The audience of a client
// assertion is still the issuer of [New]: if the endpoints have issuers of their own,
// use one cache for each.
func AskByTokenURL(urls map[string]string) OAuthOption { return askWith(tokenURLs(maps.Clone(urls))) }

type tokenURLs map[string]string // by audience

func (t tokenURLs) checkOptions(o *oauthOptions) error {
	if len(t) == 0 {
		return errors.New("tokensource: no token URL for any audience")
	}
	if o.tokenURL != "" {
		return errors.New("tokensource: TokenURL and AskByTokenURL contradict each other")
	}
	for audience, u := range t {
		if err := o.plain.check(u); err != nil {
			return fmt.Errorf("tokensource: token URL of %q: %w", audience, err)
		}
	}
	return nil
}

func (t tokenURLs) check(r Request) error {
	switch {
	case t[r.Audience] == "":
		return fmt.Errorf("%w: no token URL is set for audience %s", ErrRefused, quote(r.Audience))
	case len(r.Also) > 0:
		return fmt.Errorf("%w: with one token endpoint for each audience, a token has one audience", ErrRefused)
	}
	return nil
}

func (tokenURLs) set(url.Values, Request) {}

// AskWithoutAudience states no audience: the provider determines it by the client or
// by the scopes of the request. The token must still have the requested audience.
func AskWithoutAudience() OAuthOption { return askWith(noParameter{}) }

type noParameter struct{}

func (noParameter) checkOptions(*oauthOptions) error { return nil }
func (noParameter) check(Request) error              { return nil }
func (noParameter) set(url.Values, Request)          {}
