package interceptor

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// annotate writes a decision into the span of the call, if that is recorded.
func annotate(ctx context.Context, d *decision) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	attrs := []attribute.KeyValue{
		attribute.String("grpcaud.decision", string(d.outcome())), attribute.String("grpcaud.reason", d.reason()),
	}
	if d.claims != nil {
		caller := d.claims.Caller()
		attrs = append(attrs, attribute.String("grpcaud.client", caller.Client), attribute.String("grpcaud.issuer", caller.Issuer))
	}
	span.SetAttributes(attrs...)
}
