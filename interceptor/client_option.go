package interceptor

import (
	"errors"
	"log/slog"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/tokensource"
)

// ClientOption adjusts a [Client]. The options are [Logger], [MeterProvider],
// [Transport], [AllowPlaintext] and [SourceOptions]. None turns a check off.
type ClientOption interface{ applyClient(*clientOptions) }

type clientOptions struct {
	wire   wire
	log    *slog.Logger
	meters metric.MeterProvider
	source []tokensource.Option
	errs   []error // mistakes in the options themselves
}

func newClientOptions(opts []ClientOption) (clientOptions, error) {
	o := clientOptions{log: slog.Default(), meters: otel.GetMeterProvider()}
	for _, opt := range opts {
		if opt == nil {
			return o, errors.New("interceptor: a nil option")
		}
		opt.applyClient(&o)
	}
	return o, errors.Join(append(o.errs, o.wire.check())...)
}

type clientOption func(*clientOptions)

func (f clientOption) applyClient(o *clientOptions) { f(o) }

// SourceOptions adjusts how a client fetches and caches its tokens, with the options
// of package tokensource. Only the matrix says how the issuer is asked.
func SourceOptions(opts ...tokensource.Option) ClientOption {
	return clientOption(func(o *clientOptions) { o.source = append(o.source, opts...) })
}
