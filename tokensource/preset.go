package tokensource

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// preset is what is known of a kind of authorization server. Its texts say what to
// change there; {audience}, {client} and {issuer} stand in them for the names of a
// request.
type preset struct {
	name string // as people write it; empty: none is set

	own       Strategy // nil: ByAudience
	exchanged Strategy // for a Subject; nil: as the own
	narrowed  bool     // for a Subject, a parameter audience goes with how it is asked
	grant     Grant    // for a Subject; zero: TokenExchange

	bare bool // a token without aud is for whom it was asked for: all of its tokens are so

	instead string // what to use, where there is no token endpoint

	mapper string // when a token lacks the audience
	target string // when the server refuses the audience or the client
	scope  string // when it refuses a scope; empty: as target
}

// Preset makes the source ask as that kind of authorization server wants to be
// asked, and lets errors name its settings. The names are those of the audience
// package: "keycloak", "auth0", "entra" and so on; the default, also for an empty name,
// is "rfc9068", which asks by a parameter audience. [Ask] and [SubjectGrant] overrule it. [New] refuses
// unknown names, and those of "google", "kubernetes" and "spiffe", which are no
// authorization servers: it says what to use instead.
func Preset(name string) Option { return option(func(o *options) { o.server.preset = name }) }

const defaultPreset = "rfc9068"

// known returns what is known of the server.
func (o *serverOptions) known() preset { return presets[cmp.Or(o.preset, defaultPreset)] }

// checkPreset refuses a preset that does not exist, or cannot be asked.
func (o *serverOptions) checkPreset() error {
	p, ok := presets[cmp.Or(o.preset, defaultPreset)]
	switch {
	case !ok:
		return fmt.Errorf("tokensource: preset: got %q, want one of %q", o.preset, slices.Sorted(maps.Keys(presets)))
	case p.instead != "":
		return fmt.Errorf("tokensource: preset %q: %s has no token endpoint for this; %s", o.preset, p.name, p.instead)
	}
	return nil
}

// hint says what to change at the server after a refusal with this code (RFC 6749,
// section 5.2; RFC 8707, section 2); with no code, after a token that lacks the
// audience. Empty if nothing is known.
func (p preset) hint(code, audience, client, issuer string) string {
	text := ""
	switch code {
	case "":
		text = p.mapper
	case "invalid_scope":
		if text = p.scope; text == "" {
			text = p.target
		}
	case "invalid_target", "invalid_request", "unauthorized_client", "access_denied":
		text = p.target
	}
	return strings.NewReplacer(placeholder, audience, "{client}", client, "{issuer}", issuer).Replace(text)
}
