package interceptor

import (
	"context"
	"fmt"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// meterName names this package to OpenTelemetry.
const meterName = "github.com/grpcaud/grpcaud/interceptor"

// reportInsecure reports, if that is so, that tokens may travel in plaintext.
func (w wire) reportInsecure(log *slog.Logger, meters metric.MeterProvider) error {
	if !w.allowsPlaintext() {
		return nil
	}
	return reportInsecure(log, meters, "tokens may travel in plaintext", fmt.Sprintf("AllowPlaintext(%s)", w.plaintext))
}

// reportInsecure reports in log and metrics that an option turns off a protection.
func reportInsecure(log *slog.Logger, meters metric.MeterProvider, message, option string) error {
	log.Warn(message, slog.String("option", option))
	gauge, err := meters.Meter(meterName).Int64Gauge("grpcaud.insecure", metric.WithDescription("Options that take a protection off."))
	if err != nil {
		return fmt.Errorf("interceptor: metrics: %w", err)
	}
	gauge.Record(context.Background(), 1, metric.WithAttributes(attribute.String("option", option)))
	return nil
}
