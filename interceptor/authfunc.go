package interceptor

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
)

// Weakness names what a way to install a [Server] does not protect from:
// [InsecureNoLeases]. The zero value names nothing, and is refused.
type Weakness string

// InsecureNoLeases is the weakness of [Server.AuthFunc]: streams have no leases.
// They go on after their tokens have ended or were revoked, and after a new
// policy refuses them.
const InsecureNoLeases Weakness = "InsecureNoLeases"

// AuthFunc returns an auth.AuthFunc for programs that have the auth interceptor of
// go-grpc-middleware in place already. It judges a call as [Server.Options] does,
// and protects less: streams have no leases, and the errors of handlers are passed
// on as they are, refusals by other services among them. accepted must be
// [InsecureNoLeases], which shows in log and metrics (grpcaud.insecure); anything
// else is an error.
//
// The result must be given to auth.UnaryServerInterceptor and to
// auth.StreamServerInterceptor: calls of the other shape are not guarded, and
// nothing can tell. Each call of AuthFunc is one hand-out, as with Options: call it
// once for each gRPC server.
func (s *Server) AuthFunc(accepted Weakness) (func(context.Context) (context.Context, error), error) {
	if accepted != InsecureNoLeases {
		return nil, fmt.Errorf("interceptor: AuthFunc gives streams no leases, so that they outlive their tokens, and was told %q; install admit.Options(), or accept that with admit.AuthFunc(interceptor.InsecureNoLeases)", string(accepted))
	}
	if err := tellInsecure(s.log, s.meters, "streams go on after their tokens have ended", fmt.Sprintf("AuthFunc(%s)", accepted)); err != nil {
		return nil, err
	}
	s.handOut()
	return s.authenticate, nil
}

// authenticate is an auth.AuthFunc.
func (s *Server) authenticate(ctx context.Context) (context.Context, error) {
	method, _ := grpc.Method(ctx) // without one there is no rule
	return s.decide(ctx, method, false, grpc.SetTrailer)
}
