package interceptor

import (
	"errors"
	"log/slog"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/tokensource"
)

// ClientOption adjusts a [Client]: there are [WatchLogger], [MeterProvider],
// [Transport], [AllowPlaintext] and [Source]. None turns a check off.
type ClientOption interface{ applyClient(*clientOptions) }

type clientOptions struct {
	wire   wire
	log    *slog.Logger
	meters metric.MeterProvider
	source []tokensource.Option
	errs   []error // what is wrong with the options themselves
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

// Source adjusts how a client gets its tokens; see the options of package
// tokensource. How the issuer is asked is the matrix's to say.
func Source(opts ...tokensource.Option) ClientOption {
	return clientOption(func(o *clientOptions) { o.source = append(o.source, opts...) })
}
