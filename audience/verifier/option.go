package verifier

import (
	"net/http"
	"time"
)

// Option adjusts a [Verifier].
type Option interface{ apply(*options) }

type options struct {
	transport http.RoundTripper
	cooldown  time.Duration
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// Transport sets what carries requests to the issuers. The default is a
// transport of the verifier's own, which asks for TLS 1.2 and honours the
// proxy environment variables. Timeouts, limits and the refusal of redirects
// stay the verifier's.
func Transport(t http.RoundTripper) Option {
	return optionFunc(func(o *options) { o.transport = t })
}

// Cooldown sets how long after a fetch that a token of an unknown or
// unconvincing key caused the next such token may cause another; by default 30
// seconds. It bounds, for each issuer, the requests that strangers can provoke.
// A shorter one lets a service follow a sudden rotation of keys faster.
func Cooldown(d time.Duration) Option {
	return optionFunc(func(o *options) { o.cooldown = d })
}
