package interceptor

import (
	"context"

	"google.golang.org/grpc"
)

// hideMetadata has the transport's stream of a call lead to what handlers may
// see. Handlers reach it by [grpc.ServerTransportStreamFromContext], and that of
// gRPC has a Context, in which the metadata are as they came. It must stay the
// very stream: grpc.SetSendCompressor and others take no other. One that an
// outer call has dealt with is left alone, since its handler may be using it.
func (c *call) hideMetadata() {
	c.stream, _ = grpc.ServerTransportStreamFromContext(c.Context).(settable)
	if outer, ok := callFrom(c.Context); ok && outer.stream == c.stream || c.stream == nil {
		return
	}
	c.stream.SetContext(c)
}

// settable is a transport's stream whose context can be replaced, as gRPC's can.
type settable interface{ SetContext(context.Context) }

// bare returns a transport's stream in a way that leads to no context but one
// that [call.hideMetadata] has set.
func bare(stream any) any {
	if _, ok := stream.(settable); ok {
		return stream
	}
	if _, ok := stream.(interface{ Context() context.Context }); !ok {
		return stream
	}
	if s, ok := stream.(grpc.ServerTransportStream); ok {
		return bareStream{s}
	}
	return nil
}

// bareStream is a transport's stream without its context.
type bareStream struct{ grpc.ServerTransportStream }
