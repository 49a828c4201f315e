package admission

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// annotateSpan writes a decision into the span of the request if the span is recorded.
func annotateSpan(ctx context.Context, v *event) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	attrs := []attribute.KeyValue{
		attribute.String("grpcaud.decision", string(v.outcome())), attribute.String("grpcaud.reason", v.reason()),
	}
	if v.claims != nil {
		caller := v.claims.Caller()
		attrs = append(attrs, attribute.String("grpcaud.client", caller.Client), attribute.String("grpcaud.issuer", caller.Issuer))
	}
	span.SetAttributes(attrs...)
}
