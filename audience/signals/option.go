package signals

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/audience/revocation"
)

// Option adjusts a [Receiver].
type Option interface{ apply(*options) }

type options struct {
	revoke    func(context.Context, revocation.Entry) error
	email     func(context.Context, string) (string, error)
	interval  time.Duration
	host      string
	transport http.RoundTripper
	log       *slog.Logger
	meters    metric.MeterProvider
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// RevokeIn revokes tokens in this list. The default is no list. While the list is full, no
// event is acknowledged.
func RevokeIn(list *revocation.List) Option {
	return optionFunc(func(o *options) {
		if o.revoke = nil; list != nil {
			o.revoke = func(_ context.Context, e revocation.Entry) error { return list.Revoke(e) }
		}
	})
}

// RevokeWith is [RevokeIn] for a list of another kind: the method Revoke of a list that
// replicas share, such as that of package shared. It may be called concurrently, and again
// with the same entry. If it returns an error, the event is not acknowledged.
func RevokeWith(revoke func(ctx context.Context, e revocation.Entry) error) Option {
	return optionFunc(func(o *options) { o.revoke = revoke })
}

// Emails accepts events about an email address. subject returns the sub that the tokens of
// its user have, or an empty one if there is no such user here; after an error the event is
// not acknowledged. The default is that such events are refused.
func Emails(subject func(ctx context.Context, email string) (string, error)) Option {
	return optionFunc(func(o *options) { o.email = subject })
}

// Interval sets the least time between two polls of which the first brought nothing. The
// default is 2 seconds, the minimum 100 milliseconds. An issuer that waits with its answer
// until there is an event is polled again at once.
func Interval(d time.Duration) Option { return optionFunc(func(o *options) { o.interval = d }) }

// PollHost sets the host at which events are polled, with its port if it has one, if it is
// not that of the issuer's URL. The access token for the stream is sent there.
func PollHost(host string) Option { return optionFunc(func(o *options) { o.host = host }) }

// Transport sets what carries polls, and requests for the keys of the issuer: see
// [verifier.Transport], which has the default.
func Transport(t http.RoundTripper) Option {
	return optionFunc(func(o *options) { o.transport = t })
}

// Logger sets where events and refusals are logged; [slog.Default] by default. Refusals of
// one cause share a line a second.
func Logger(log *slog.Logger) Option { return optionFunc(func(o *options) { o.log = log }) }

// MeterProvider sets the provider of the metrics' instruments: events by what became of
// them, and for how long no poll was answered. The default is [otel.GetMeterProvider].
func MeterProvider(p metric.MeterProvider) Option {
	return optionFunc(func(o *options) { o.meters = p })
}
