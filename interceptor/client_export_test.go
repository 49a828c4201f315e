package interceptor

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// CredentialsWithin returns the credentials of a connection, and the context that the
// interceptors beside them make for an attempt.
func CredentialsWithin(ctx context.Context, conn *grpc.ClientConn, c *Client, names ...string) (context.Context, credentials.PerRPCCredentials) {
	r := &retrier{}
	return &attempt{Context: ctx, retrier: r, connection: r.connectionOf(conn)}, &serviceCredentials{client: c, services: names}
}
