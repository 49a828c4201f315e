package testutil

import (
	"maps"
	"net/http"
	"time"
)

// Option adjusts an [Issuer] in [NewIssuer].
type Option interface{ apply(*options) }

type options struct {
	typ      string
	claims   Claims
	lifetime time.Duration
	maxAge   time.Duration
	template string // of a scope that asks for an audience
	alias    string // the base URL for clients with certificates
	write    func(Grant, Claims) Claims
	at       string // the base URL of the endpoints

	backchannel http.RoundTripper // to clients; nil for one to this machine
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// Typ sets the typ header of tokens. The default is "at+jwt" (RFC 9068, section 2.1);
// empty leaves the header out.
func Typ(typ string) Option {
	return optionFunc(func(o *options) { o.typ = typ })
}

// Lifetime sets how long tokens are valid. The default is five minutes.
func Lifetime(d time.Duration) Option {
	return optionFunc(func(o *options) { o.lifetime = d })
}

// KeysMaxAge sets how long the key set may be cached (RFC 9111, section 5.2.2.1). The
// default is five minutes; zero demands a new fetch each time.
func KeysMaxAge(d time.Duration) Option {
	return optionFunc(func(o *options) { o.maxAge = d })
}

// AudienceScope makes clients request an audience by a scope: "{audience}" as with
// Keycloak, "{audience}/.default" as with Entra ID. The parameters audience and resource
// then count in a token exchange only, beside the scopes.
func AudienceScope(template string) Option {
	return optionFunc(func(o *options) { o.template = template })
}

// MutualTLSAlias publishes base, such as "https://mtls.idp.example.com", as the base of
// the endpoints for clients that authenticate with a certificate; the path of the issuer
// is added (RFC 8705, section 5). By default no such base is published.
func MutualTLSAlias(base string) Option {
	return optionFunc(func(o *options) { o.alias = base })
}

// Keycloak makes the issuer behave as Keycloak does: clients request an audience by a
// scope of its name ([AudienceScope] of "{audience}"), and tokens have [Typ] "JWT" and
// the claim "typ": "Bearer" ([EveryToken]). Use it for a matrix with preset: keycloak.
func Keycloak() Option {
	return optionFunc(func(o *options) {
		for _, opt := range []Option{AudienceScope("{audience}"), Typ("JWT"), EveryToken(Claims{"typ": "Bearer"})} {
			opt.apply(o)
		}
	})
}

// EveryToken adds claims to each token that the issuer issues or mints, such as
// "typ": "Bearer" of Keycloak's access tokens. Claims that a token has already are not
// replaced. Several EveryToken add up.
func EveryToken(claims Claims) Option {
	return optionFunc(func(o *options) {
		all := maps.Clone(o.claims)
		if all == nil {
			all = Claims{}
		}
		maps.Copy(all, claims)
		o.claims = all
	})
}

// At sets the base URL of the issuer's endpoints, such as "https://idp.example.com". The
// default is the issuer's own URL. With a base, the issuer that is given to [NewIssuer]
// is only a name: any text that tokens can have as iss.
func At(base string) Option {
	return optionFunc(func(o *options) { o.at = base })
}

// BackchannelTransport sets what carries logout tokens to the clients
// ([Client.BackchannelLogoutURI]). The default connects to this machine only, and accepts
// any certificate there.
func BackchannelTransport(t http.RoundTripper) Option {
	return optionFunc(func(o *options) { o.backchannel = t })
}
