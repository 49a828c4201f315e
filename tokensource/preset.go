package tokensource

import (
	"fmt"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// Preset selects the kind of authorization server: how it is asked for an audience,
// and what an error advises to change there. The names are those of the access
// matrix: "keycloak", "auth0", "entra" and so on. The default, also for an empty
// name, is "rfc9068": a parameter audience. The options that begin with Ask, and
// [SubjectGrant], override it. [New] refuses unknown names. It also refuses "google",
// "kubernetes" and "spiffe", which are not authorization servers; the error says what
// to use instead.
// For packages of this module, preset may also be the description of a server in an
// access matrix, instead of a name.
func Preset[P string | provider.Provider](preset P) OAuthOption {
	return oauthOption(func(o *oauthOptions) {
		o.preset, o.dialect = "", nil
		switch p := any(preset).(type) {
		case string:
			o.preset = p
		case provider.Provider:
			o.dialect = &p
		}
	})
}

// lookupPreset returns what is known of the authorization server.
func (o *oauthOptions) lookupPreset() provider.Provider {
	if o.dialect != nil {
		return *o.dialect
	}
	p, _ := provider.Lookup(o.preset) // which checkPreset has found
	return p
}

// checkPreset refuses a preset that does not exist, or has no token endpoint.
func (o *oauthOptions) checkPreset() error {
	p, ok := provider.Lookup(o.preset)
	switch {
	case o.dialect != nil:
		return nil // it has a token endpoint
	case !ok:
		return fmt.Errorf("tokensource: preset: got %q, want one of %q", o.preset, provider.Presets())
	case p.Request.Alternative != "":
		return fmt.Errorf("tokensource: preset %q: %s has no token endpoint for this; %s", o.preset, p.Product, p.Request.Alternative)
	}
	return nil
}

// styles returns how audiences are stated in requests of the client itself, and in
// token exchanges. ask overrules the provider; nil does not.
func styles(r provider.Request, ask audienceStyle) (own, exchange audienceStyle) {
	own = audienceParameter
	switch known := styleOf(r.Audience); {
	case ask != nil:
		own = ask
	case known != nil:
		own = known
	}
	switch known := styleOf(r.Exchange); {
	case known != nil:
		return own, known
	case r.ExchangeAudience:
		return own, alsoAudience{own}
	}
	return own, own
}

// styleOf returns the style that a provider's data names; nil if it names none.
func styleOf(a provider.Ask) audienceStyle {
	switch {
	case a.Nothing:
		return noParameter{}
	case a.Scope != "":
		return scopeTemplate(a.Scope)
	case a.Parameter != "":
		return parameterStyle(a.Parameter)
	}
	return nil
}
