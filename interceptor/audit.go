package interceptor

import (
	"context"
	"log/slog"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
)

// audit returns the interceptors that log calls which are made for somebody who
// is not there: those whose context carries a [audience.Record]. Both names stand
// in the line, that of the client which calls and that of whom it calls for.
// A stream is logged when it is opened.
func (c *Client) audit() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			err := call(ctx, method, req, reply, conn, opts...)
			c.audited(ctx, method, err)
			return err
		}),
		grpc.WithChainStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			stream, err := open(ctx, desc, conn, method, opts...)
			c.audited(ctx, method, err)
			return stream, err
		}),
	}
}

// audited logs one call, if somebody asked for it.
func (c *Client) audited(ctx context.Context, method string, err error) {
	record, ok := audience.RecordFromContext(ctx)
	if !ok {
		return
	}
	c.log.LogAttrs(ctx, slog.LevelInfo, "called for another",
		slog.String("client", c.name), slog.String("method", method),
		slog.String("code", status.Code(err).String()), slog.Any("on_behalf_of", record))
}
