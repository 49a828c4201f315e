package interceptor

import (
	"context"

	"google.golang.org/grpc"
)

// InsecureNoLeases is what whoever calls [Server.AuthFunc] accepts: streams have no
// leases. They go on after their tokens have ended or were revoked, and after a new
// policy refuses them.
type InsecureNoLeases struct{}

// AuthFunc returns an auth.AuthFunc for programs that have the auth interceptor of
// go-grpc-middleware in place already. It judges a call as [Server.Options] does,
// and protects less: streams have no leases, and the errors of handlers are passed
// on as they are, refusals by other services among them. That shows in log and
// metrics (grpcaud.insecure). The error is that of the meter provider.
//
// The result must be given to auth.UnaryServerInterceptor and to
// auth.StreamServerInterceptor: calls of the other shape are not guarded, and
// nothing can tell. Each call of AuthFunc is one hand-out, as with Options: call it
// once for each gRPC server.
func (s *Server) AuthFunc(InsecureNoLeases) (func(context.Context) (context.Context, error), error) {
	if err := reportInsecure(s.config.Log, s.meters, endlessStreams, "AuthFunc(InsecureNoLeases)"); err != nil {
		return nil, err
	}
	s.handOut()
	return s.authenticate, nil
}

// authenticate is an auth.AuthFunc.
func (s *Server) authenticate(ctx context.Context) (context.Context, error) {
	method, _ := grpc.Method(ctx) // without one there is no rule
	ctx, _, err := s.decide(ctx, method, false, grpc.SetTrailer)
	return ctx, err
}
