package testutil

import (
	"maps"
	"time"
)

// Option changes an [Issuer] at its making.
type Option interface{ apply(*options) }

type options struct {
	typ      string
	claims   Claims
	lifetime time.Duration
	maxAge   time.Duration
	template string // of a scope that asks for an audience
	alias    string // where clients with certificates ask
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// Typ sets the typ header of the tokens that are minted. The default is
// "at+jwt" (RFC 9068, section 2.1); empty leaves the header out.
func Typ(typ string) Option {
	return optionFunc(func(o *options) { o.typ = typ })
}

// Lifetime sets how long tokens live. The default is five minutes.
func Lifetime(d time.Duration) Option {
	return optionFunc(func(o *options) { o.lifetime = d })
}

// MaxAge sets how long the key set may be cached (RFC 9111, section 5.2.2.1).
// The default is five minutes; zero asks for a new fetch each time.
func MaxAge(d time.Duration) Option {
	return optionFunc(func(o *options) { o.maxAge = d })
}

// AudienceScope makes the issuer one that is asked for an audience by a scope:
// "{audience}" as with Keycloak, "{audience}/.default" as with Entra ID. It then
// looks at the parameters audience and resource in a token exchange only, beside
// the scopes.
func AudienceScope(template string) Option {
	return optionFunc(func(o *options) { o.template = template })
}

// MutualTLSAlias publishes base, such as "https://mtls.idp.example.com", as where
// clients that authenticate with a certificate find the token endpoint, below the
// path of the issuer (RFC 8705, section 5). By default they are told nothing.
func MutualTLSAlias(base string) Option {
	return optionFunc(func(o *options) { o.alias = base })
}

// EveryToken adds claims to each token that the issuer issues or mints, as
// authorization servers have their own: Keycloak's access tokens say
// "typ": "Bearer", for one. What a token says itself stays.
func EveryToken(claims Claims) Option {
	return optionFunc(func(o *options) { o.claims = maps.Clone(claims) })
}
