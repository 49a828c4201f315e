package interceptor

import (
	"context"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// withoutTransportContext returns a handler's context from which the original metadata
// cannot be read. A handler can reach the transport's stream
// ([grpc.ServerTransportStreamFromContext]), and gRPC's own stream has a method
// Context that returns the context with the metadata as they came. That stream must
// stay in the context, since grpc.SetSendCompressor and others accept no other type;
// so its context is replaced by the handler's. It is not replaced twice: the handler
// of an outer call may be using the stream.
func withoutTransportContext(ctx context.Context, stream grpc.ServerTransportStream) context.Context {
	switch s := stream.(type) {
	case nil:
		return ctx
	case contextSetter:
		if _, done := admission.FromContext(s.Context()); !done {
			s.SetContext(ctx)
		}
		return ctx
	case interface{ Context() context.Context }:
		return grpc.NewContextWithServerTransportStream(ctx, contextless{stream})
	default:
		return ctx
	}
}

// contextSetter is a transport's stream whose context can be replaced, such as gRPC's.
type contextSetter interface {
	Context() context.Context
	SetContext(context.Context)
}

// contextless hides the method Context of a transport's stream.
type contextless struct{ grpc.ServerTransportStream }
