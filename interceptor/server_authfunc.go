package interceptor

import (
	"context"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// InsecureNoLeases is an argument of [Server.AuthFunc]. To write it is to accept that
// streams have no leases: they go on after their tokens have ended or were revoked,
// and after a new policy refuses them.
type InsecureNoLeases struct{}

// AuthFunc returns an auth.AuthFunc for programs that have the auth interceptor of
// go-grpc-middleware in place already. It judges a call as [Server.Options] does,
// but protects less: streams have no leases, and the errors of handlers are passed
// on unchanged, also refusals by other services. The log and the metrics show this
// (grpcaud.insecure). An error comes from the meter provider.
//
// The result must be given to auth.UnaryServerInterceptor and to
// auth.StreamServerInterceptor: with only one of them, either unary or streaming
// calls are not guarded, and nothing can detect that. Each call of AuthFunc is one
// hand-out, as with Options: call it once for each gRPC server.
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
	ctx, _, err := s.decide(ctx, method, admission.UnknownShape, grpc.SetTrailer)
	return ctx, err
}
