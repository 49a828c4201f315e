package interceptor_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
)

// TestPublicMethodHasNoCaller shows that a public method can be called by anybody,
// over any connection, and that its handler has no caller, whatever the call carries.
func TestPublicMethodHasNoCaller(t *testing.T) {
	server := newServer(t, newIssuer(), io.Discard, "human-resource")
	const method = "/acme.hr.v1.Holidays/ListHolidays"
	handler := func(ctx context.Context) error {
		if caller, ok := audience.FromContext(ctx); ok {
			return fmt.Errorf("a caller: %+v", caller)
		}
		return nil
	}
	for name, ctx := range map[string]context.Context{"nothing": t.Context(), "a bad token": incoming(t.Context(), "Bearer x")} {
		_, err := unaryOf(server)(ctx, nil, &grpc.UnaryServerInfo{FullMethod: method}, func(ctx context.Context, _ any) (any, error) { return nil, handler(ctx) })
		if err != nil {
			t.Errorf("unary, %s: %v", name, err)
		}
		err = streamOf(server)(nil, streaming{ctx: ctx}, &grpc.StreamServerInfo{FullMethod: method}, func(_ any, stream grpc.ServerStream) error { return handler(stream.Context()) })
		if err != nil {
			t.Errorf("stream, %s: %v", name, err)
		}
	}
}

type streaming struct {
	grpc.ServerStream
	ctx context.Context
}

func (s streaming) Context() context.Context { return s.ctx }
