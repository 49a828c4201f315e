package interceptor

import (
	"context"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// Options returns the gRPC options that install s for unary and for streaming
// calls alike. Give all of them to grpc.NewServer.
//
// Each call of Options is one hand-out: it is meant for one gRPC server, and
// [Server.CheckCoverage] of that server uses it up. Options cannot know whether its
// result is used: a program that does not install it has no guard, but passes the
// check. matrixtest.AssertInstalled detects this in a test.
func (s *Server) Options() []grpc.ServerOption {
	unary, stream := s.Interceptors()
	return []grpc.ServerOption{grpc.ChainUnaryInterceptor(unary), grpc.ChainStreamInterceptor(stream)}
}

// Interceptors returns what [Server.Options] installs, for programs that chain
// interceptors by hand. Install both on the same gRPC server: with only one of them,
// either unary or streaming calls are not guarded. Neither gRPC nor s can tell which
// of them a program has installed. Interceptors that run before these see calls
// before they are judged.
//
// A stream ends with its token (at exp plus the leeway of the issuer), when the token
// is revoked, or when a new policy refuses it: see [StreamGrace] and
// [CheckOnReceive]. Its peer is told the reason, its handler's context is cancelled,
// and RecvMsg and SendMsg return that error. The handler runs in a goroutine of its
// own, so it may still run for a moment after the RPC has ended. A panic in it is
// raised again for the interceptors around this one; if the RPC has already ended,
// it is only logged.
//
// Each call of Interceptors is one hand-out, as with Options.
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
	admitted, evidence, err := s.decide(ctx, info.FullMethod, admission.UnaryShape, grpc.SetTrailer)
	if err != nil {
		return nil, err
	}
	if admitted != ctx { // otherwise s has let the call through already
		defer evidence.End()
	}
	resp, err := handler(admitted, req)
	return resp, s.hideDownstreamRefusal(admitted, info.FullMethod, err)
}
