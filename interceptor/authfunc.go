package interceptor

import (
	"context"

	"google.golang.org/grpc"
)

// AuthFunc admits a call as [Server.Unary] does, for those who have the auth
// interceptor of go-grpc-middleware in place already; it is an auth.AuthFunc.
// [Server.Options] does more: through AuthFunc a stream has no lease, so that it
// outlives its token, and the errors of handlers are passed on as they are,
// refusals by other services among them.
func (s *Server) AuthFunc(ctx context.Context) (context.Context, error) {
	method, _ := grpc.Method(ctx) // without one there is no rule
	return s.decide(ctx, method, false, grpc.SetTrailer)
}
