package interceptor

import (
	"context"

	"google.golang.org/grpc"
)

// Options returns the gRPC options that install s for unary and for streaming
// calls alike. Give all of them to grpc.NewServer.
//
// Each call is one hand-out: it is meant for one gRPC server, and
// [Server.CheckCoverage] of that server uses it up. Options cannot see what
// becomes of its result: a program that drops it has no guard, and passes the
// check. matrixtest.AssertInstalled sees that in a test.
func (s *Server) Options() []grpc.ServerOption {
	unary, stream := s.Interceptors()
	return []grpc.ServerOption{grpc.ChainUnaryInterceptor(unary), grpc.ChainStreamInterceptor(stream)}
}

// Interceptors returns what [Server.Options] installs, for programs that chain
// interceptors by hand. Both must be installed, on the same gRPC server, or its
// calls of the other shape are not guarded; neither gRPC nor s can tell
// which of them a program has installed. Interceptors that stand further out see
// calls before they are judged.
//
// A stream ends with its token, at exp and the leeway of the issuer, or when the
// token is revoked, or a new policy refuses it: see [StreamGrace] and
// [CheckOnReceive]. Its peer is told the reason, its handler's context is
// cancelled, and RecvMsg and SendMsg return that error. The handler runs in a
// goroutine of its own, so that it may outlive the RPC for a moment; a panic in it
// is raised again for the interceptors around this one, and only logged if the RPC
// has ended before.
//
// Each call is one hand-out, as with Options.
func (s *Server) Interceptors() (grpc.UnaryServerInterceptor, grpc.StreamServerInterceptor) {
	s.handOut()
	return s.unary, s.stream
}

// handOut counts that the interceptors were taken for one more gRPC server.
func (s *Server) handOut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handOuts++
}

// unary is a [grpc.UnaryServerInterceptor].
func (s *Server) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	admitted, evidence, err := s.decide(ctx, info.FullMethod, false, grpc.SetTrailer)
	if err != nil {
		return nil, err
	}
	if admitted != ctx { // not a call that s has let in already
		defer evidence.End()
	}
	resp, err := handler(admitted, req)
	return resp, s.hideDownstreamRefusal(admitted, info.FullMethod, err)
}
