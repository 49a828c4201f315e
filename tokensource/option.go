package tokensource

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
)

// Option adjusts any [Cache]. No option turns off a check of a token.
type Option interface {
	OAuthOption
	apply(*options)
}

type option func(*options)

func (f option) apply(o *options)           { f(o) }
func (f option) applyOAuth(o *oauthOptions) { f(&o.options) }

// options are those of every kind of cache.
type options struct {
	transport    http.RoundTripper // nil: the default
	bound        int
	soleAudience bool
	log          *slog.Logger
	meters       metric.MeterProvider
}

func defaultOptions() options {
	return options{bound: 10_000, log: slog.Default(), meters: otel.GetMeterProvider()}
}

func newOptions(opts []Option) (*options, error) {
	o := defaultOptions()
	for _, opt := range opts {
		if opt == nil {
			return nil, errNilOption
		}
		opt.apply(&o)
	}
	return &o, o.check()
}

var errNilOption = errors.New("tokensource: nil option")

// check refuses values with which no cache could work.
func (o *options) check() error {
	switch {
	case o.bound < 1:
		return fmt.Errorf("tokensource: bound: got %d, want at least 1", o.bound)
	case o.log == nil:
		return errors.New("tokensource: nil logger; to log nothing, give it slog.DiscardHandler")
	case o.meters == nil:
		return errors.New("tokensource: nil meter provider")
	}
	return nil
}

// roundTripper returns the transport that requests use.
func (o *options) roundTripper() http.RoundTripper {
	if o.transport == nil {
		return http.DefaultTransport
	}
	return o.transport
}

// Transport sets the transport of HTTP requests; client certificates and private
// roots go here. The default is a copy of [http.DefaultTransport] that takes no proxy for
// plain http. With any transport, a request has a time limit of 10 s and redirects are not
// followed. The cache does not close the transport.
func Transport(t http.RoundTripper) Option { return option(func(o *options) { o.transport = t }) }

// Bound sets how many tokens are cached at most; the least recently used ones are
// evicted first. The default is 10 000. It must be positive.
func Bound(n int) Option { return option(func(o *options) { o.bound = n }) }

// SoleAudience refuses a JWT that has other audiences in addition to the requested
// ones, with a [MismatchError]. By default such a token is used, since common
// authorization servers add audiences of their own, and the log has one warning for
// each requested audience.
func SoleAudience() Option { return option(func(o *options) { o.soleAudience = true }) }

// Logger sets the logger of the cache. Each fetch has one line: at debug level if it
// succeeds; at warn level if it fails, and at debug level while the failure goes on;
// at info level when it succeeds again. The default is [slog.Default]; nil is an
// error. Tokens that come from memory, and lines below the logger's level, cost
// nothing.
//
// Each line has audience, scope and exchanged (whether the token is for a subject);
// expiry, if there is a token; and error, failures (in a row) and retry, if the
// fetch failed. No line has a token or a secret.
func Logger(l *slog.Logger) Option { return option(func(o *options) { o.log = l }) }

// MeterProvider sets the provider of the metrics' instruments. The default is the
// global one of OpenTelemetry; nil is an error. The metrics are:
//
//   - grpcaud.client.fetches, a count of fetches by audience, outcome (fetched,
//     unchanged, refused, unavailable, mismatched) and renewal (whether the previous
//     token was still usable);
//   - grpcaud.client.waits, how long calls waited for a token that was not cached,
//     in seconds, by audience;
//   - grpcaud.client.entries, the number of cached tokens, by audience;
//   - grpcaud.client.life, the remaining seconds of the token that expires first,
//     among those requested within the last minute, by audience.
//
// Audiences after the first 256 count as "other".
func MeterProvider(p metric.MeterProvider) Option {
	return option(func(o *options) { o.meters = p })
}
