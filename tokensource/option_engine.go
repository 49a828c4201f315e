package tokensource

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"

	"go.opentelemetry.io/otel/metric"
)

// engineOptions are those of a source that asks no authorization server.
func engineOptions(opts []Option) (*options, error) {
	o := newOptions(opts)
	if err := o.checkEngine(); err != nil {
		return nil, err
	}
	if !reflect.ValueOf(o.server).IsZero() {
		return nil, errors.New("tokensource: got an option that says how an authorization server is asked, and there is none")
	}
	return o, nil
}

// checkEngine refuses values with which no source could work.
func (o *options) checkEngine() error {
	switch {
	case o.bound < 1:
		return fmt.Errorf("tokensource: bound: got %d, want at least 1", o.bound)
	case o.parallel < 1:
		return fmt.Errorf("tokensource: parallel: got %d, want at least 1", o.parallel)
	case o.log == nil:
		return errors.New("tokensource: nil logger; to log nothing, give it slog.DiscardHandler")
	case o.meters == nil:
		return errors.New("tokensource: nil meter provider")
	}
	return nil
}

// Bound sets how many tokens are kept at most; those that were not asked for the
// longest go first. The default is 10 000. It must be positive.
func Bound(n int) Option { return option(func(o *options) { o.bound = n }) }

// Parallel sets how many requests to one endpoint may be under way at a time; the
// others wait. The default is 16. It must be positive.
func Parallel(n int) Option { return option(func(o *options) { o.parallel = n }) }

// SoleAudience refuses a JWT that is addressed to anybody beside whom it was asked
// for: it is a [MismatchError]. By default such a token is used, since ordinary
// authorization servers add audiences of their own, and the log warns of it once
// for each audience that was asked for.
func SoleAudience() Option { return option(func(o *options) { o.sole = true }) }

// Logger sets where the source logs, a line for each fetch: what is fetched at debug
// level, a failure as a warning when it is new and at debug level while it goes on,
// its end as information. The default is [slog.Default]; nil is an error. Tokens
// that are at hand, and lines that the logger does not want, cost nothing.
//
// Each line has audience, scope and exchanged (whether the token is for a subject);
// expiry, if there is a token; and error, failures (in a row) and retry, if the
// fetch failed. No line has a token or a secret.
func Logger(l *slog.Logger) Option { return option(func(o *options) { o.log = l }) }

// MeterProvider sets who makes the instruments of the source's metrics. The
// default is the global one of OpenTelemetry; nil is an error. The metrics are:
//
//   - grpcaud.client.fetches, how many, by outcome (fetched, unchanged, refused,
//     unavailable, mismatched) and renewal (whether the token before was still good);
//   - grpcaud.client.waits, how long calls waited that had no token at hand, in
//     seconds;
//   - grpcaud.client.entries, how many tokens are kept;
//   - grpcaud.client.life, the seconds that are left of the token that ends first, of
//     those asked for within the last minute.
func MeterProvider(p metric.MeterProvider) Option {
	return option(func(o *options) { o.meters = p })
}
