package interceptor

import (
	"context"
	"log/slog"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
)

// recordLogging returns the interceptors that log calls for a caller whose own call
// has ended: calls whose context has an [audience.Record]. The line names both the
// client and that caller. A stream is logged when it is opened.
func (c *Client) recordLogging() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			err := call(ctx, method, req, reply, conn, opts...)
			c.logRecord(ctx, method, err)
			return err
		}),
		grpc.WithChainStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			stream, err := open(ctx, desc, conn, method, opts...)
			c.logRecord(ctx, method, err)
			return stream, err
		}),
	}
}

// logRecord logs a call whose context carries a record.
func (c *Client) logRecord(ctx context.Context, method string, err error) {
	record, ok := audience.RecordFromContext(ctx)
	if !ok {
		return
	}
	c.log.LogAttrs(ctx, slog.LevelInfo, "called for another",
		slog.String("client", c.name), slog.String("method", method),
		slog.String("code", status.Code(err).String()), slog.Any("on_behalf_of", record))
}
