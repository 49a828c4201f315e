package interceptor

import (
	"context"
	"fmt"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// tell says in log and metrics that tokens may travel in plaintext, where they
// may.
func (w wire) tell(log *slog.Logger, meters metric.MeterProvider) error {
	if w.plaintext == "" {
		return nil
	}
	return tellInsecure(log, meters, "tokens may travel in plaintext", fmt.Sprintf("AllowPlaintext(%s)", w.plaintext))
}

// tellEndless says so of streams that do not end with their tokens.
func (o *serverOptions) tellEndless() error {
	if !o.endless {
		return nil
	}
	return tellInsecure(o.log, o.meters, "streams go on after their tokens have ended", "InsecureIgnoreStreamExpiry")
}

// tellInsecure says in log and metrics that an option takes a protection off.
func tellInsecure(log *slog.Logger, meters metric.MeterProvider, message, option string) error {
	log.Warn(message, slog.String("option", option))
	gauge, err := meters.Meter("github.com/grpcaud/grpcaud/interceptor").Int64Gauge("grpcaud.insecure", metric.WithDescription("Options that take a protection off."))
	if err != nil {
		return fmt.Errorf("interceptor: metrics: %w", err)
	}
	gauge.Record(context.Background(), 1, metric.WithAttributes(attribute.String("option", option)))
	return nil
}
