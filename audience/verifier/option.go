package verifier

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// Option adjusts a [Verifier].
type Option interface{ apply(*options) }

type options struct {
	transport        http.RoundTripper // nil: the verifier's own
	web              *web              // over transport
	cooldown         time.Duration
	introspectionTTL time.Duration
	static           map[string][]byte // key sets by the URL of their issuer
	cache            int               // verified tokens that are kept
	changes          *atomic.Uint64    // see [Verifier.Changes]
}

// newOptions returns the defaults, changed by opts.
func newOptions(opts []Option) (*options, error) {
	o := &options{
		cooldown: 30 * time.Second, introspectionTTL: 30 * time.Second,
		static: map[string][]byte{}, cache: 1 << 14, changes: new(atomic.Uint64),
	}
	for _, opt := range opts {
		opt.apply(o)
	}
	switch {
	case o.cooldown <= 0:
		return nil, fmt.Errorf("verifier: cooldown of %v, want more than 0", o.cooldown)
	case o.introspectionTTL < 0:
		return nil, fmt.Errorf("verifier: introspection TTL of %v, want 0 or more", o.introspectionTTL)
	case o.cache < 0:
		return nil, errors.New("verifier: cache of less than 0 entries")
	}
	o.web = newWeb(o.transport)
	return o, nil
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// Transport sets what carries requests to the issuers. The default is a
// transport of the verifier's own, which asks for TLS 1.2 and honours the
// proxy environment variables for https. Timeouts, limits and the refusal of
// redirects stay the verifier's. An [*http.Transport] trusts the CAFile of an issuer
// instead of its own authorities; any other transport decides by itself what it trusts.
func Transport(t http.RoundTripper) Option {
	return optionFunc(func(o *options) { o.transport = t })
}

// Cooldown sets the time between two fetches that tokens of an unknown key, or with an
// invalid signature, can cause; 30 seconds by default. It bounds, for each issuer, the
// requests that unknown tokens cause. A shorter one lets a service follow a sudden
// rotation of keys faster.
func Cooldown(d time.Duration) Option {
	return optionFunc(func(o *options) { o.cooldown = d })
}

// StaticKeys sets the keys of the issuer of that URL to a JWK set (RFC 7517,
// section 5), for services that reach no issuer; it may be given once for each.
// By default they come from the issuer's KeysFile, else from the issuer. [New]
// fails if the set has no usable key or the verifier no such issuer.
func StaticKeys(issuerURL string, jwks []byte) Option {
	jwks = bytes.Clone(jwks)
	return optionFunc(func(o *options) { o.static[issuerURL] = jwks })
}

// IntrospectionTTL sets how long the answer that an opaque token is active is cached; 30
// seconds by default, and never beyond the expiry of the token (RFC 7662, section 4). A
// revoked token may be used for that long. While the issuer cannot be asked, or answers
// 429, the answer counts for up to 60 seconds more; [Stats] counts such answers. Zero
// means that the issuer is asked on each call.
func IntrospectionTTL(d time.Duration) Option {
	return optionFunc(func(o *options) { o.introspectionTTL = d })
}
