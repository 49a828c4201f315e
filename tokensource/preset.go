package tokensource

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// preset is what is known about one kind of authorization server. In its texts,
// {audience}, {client} and {issuer} stand for the names of a request.
type preset struct {
	name string // of the product; empty for the default preset

	own             audienceStyle // nil: the parameter audience
	exchange        audienceStyle // in a token exchange; nil: like own
	exchangeNarrows bool          // in a token exchange, the parameter audience is added
	grant           Grant         // for a Subject; zero: TokenExchange

	tokensLackAudience bool // its tokens have no aud, and count as addressed to the requested audience

	alternative string // what to use instead, if there is no token endpoint

	missingAudience string // what to change if a token lacks the audience
	refusedAudience string // what to change if the audience or the client is refused
	refusedScope    string // what to change if a scope is refused; empty: like refusedAudience
}

// Preset selects the kind of authorization server: how it is asked for an audience,
// and what an error advises to change there. The names are those of the access
// matrix: "keycloak", "auth0", "entra" and so on. The default, also for an empty
// name, is "rfc9068": a parameter audience. The options that begin with Ask, and
// [SubjectGrant], overrule it. [New] refuses unknown names, and "google",
// "kubernetes" and "spiffe", which are no authorization servers; the error says what
// to use instead.
func Preset(name string) OAuthOption { return oauthOption(func(o *oauthOptions) { o.preset = name }) }

const defaultPreset = "rfc9068"

func (o *oauthOptions) lookupPreset() preset { return presets[cmp.Or(o.preset, defaultPreset)] }

// checkPreset refuses a preset that does not exist, or has no token endpoint.
func (o *oauthOptions) checkPreset() error {
	p, ok := presets[cmp.Or(o.preset, defaultPreset)]
	switch {
	case !ok:
		return fmt.Errorf("tokensource: preset: got %q, want one of %q", o.preset, slices.Sorted(maps.Keys(presets)))
	case p.alternative != "":
		return fmt.Errorf("tokensource: preset %q: %s has no token endpoint for this; %s", o.preset, p.name, p.alternative)
	}
	return nil
}

// styles returns how audiences are stated in requests of the client itself, and in
// token exchanges. Ask overrules the preset; nil does not.
func (p preset) styles(ask audienceStyle) (own, exchange audienceStyle) {
	own = audienceParameter
	switch {
	case ask != nil:
		own = ask
	case p.own != nil:
		own = p.own
	}
	switch {
	case p.exchange != nil:
		return own, p.exchange
	case p.exchangeNarrows:
		return own, alsoAudience{own}
	}
	return own, own
}

// hint says what to change at the server after a refusal with this code (RFC 6749,
// section 5.2; RFC 8707, section 2); with an empty code, after a token without the
// audience. It is empty if nothing is known.
func (p preset) hint(code, audience, client, issuer string) string {
	text := ""
	switch code {
	case "":
		text = p.missingAudience
	case "invalid_scope":
		text = cmp.Or(p.refusedScope, p.refusedAudience)
	case "invalid_target", "invalid_request", "unauthorized_client", "access_denied":
		text = p.refusedAudience
	}
	return strings.NewReplacer(placeholder, audience, "{client}", client, "{issuer}", issuer).Replace(text)
}
