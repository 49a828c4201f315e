package interceptor

import (
	"context"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// withoutTransportContext returns the context of a handler, in which the
// transport's stream leads to no other metadata than those of the context.
// Handlers reach it by [grpc.ServerTransportStreamFromContext], and that of gRPC
// has a Context with the metadata as they came. It must stay the very stream, with
// the handler's context in it: grpc.SetSendCompressor and others take no other. One
// that an outer call has dealt with is left alone, since its handler may be using
// it.
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

// contextSetter is a transport's stream whose context can be replaced, as gRPC's
// can.
type contextSetter interface {
	Context() context.Context
	SetContext(context.Context)
}

// contextless is a transport's stream without its context.
type contextless struct{ grpc.ServerTransportStream }
