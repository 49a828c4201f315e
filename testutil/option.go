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

// EveryToken adds claims to each token that the issuer issues or mints, as
// authorization servers have their own: Keycloak's access tokens say
// "typ": "Bearer", for one. What a token says itself stays.
func EveryToken(claims Claims) Option {
	return optionFunc(func(o *options) { o.claims = maps.Clone(claims) })
}
