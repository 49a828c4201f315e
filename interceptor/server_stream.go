package interceptor

import (
	"context"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// stream is a [grpc.StreamServerInterceptor].
//
// A stream has a lease and is judged again as a call would be. It ends when its token
// ends (at exp plus the leeway of the issuer); when the token is revoked; within two
// seconds after its key was found missing in the issuer's set; when the issuer, asked
// again about an opaque token, no longer calls it active; and when a new policy
// refuses it, even if it has no token. Its caller does not change.
//
// The peer of an ended stream is told the reason, the handler's context is cancelled,
// and RecvMsg and SendMsg return the same status. The handler runs in a goroutine of
// its own, so it may outlive the RPC for a moment. A panic in it is raised again for
// the interceptors around this one; if the RPC has ended before, it is only logged.
// See [StreamGrace] and [CheckOnReceive].
func (s *Server) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	setTrailer := func(_ context.Context, md metadata.MD) error {
		stream.SetTrailer(md)
		return nil
	}
	ctx, evidence, err := s.decide(stream.Context(), info.FullMethod, admission.StreamingShape, setTrailer)
	if err != nil {
		return err
	}
	if evidence.IsStream() { // s is in the chain twice
		wrapped := middleware.WrapServerStream(stream)
		wrapped.WrappedContext = ctx
		return s.hideDownstreamRefusal(ctx, info.FullMethod, handler(srv, wrapped))
	}
	l := s.newLease(ctx, evidence, stream, info.FullMethod)
	err = s.hold(l, func() error { return handler(srv, l) })
	if end := l.over(); end != nil {
		l.mu.Lock() // a handler that still runs may be setting the trailer as well
		defer l.mu.Unlock()
		stream.SetTrailer(challengeTrailer(ctx, end.answer))
		return end.status
	}
	return s.hideDownstreamRefusal(ctx, info.FullMethod, err)
}

// hold runs the handler of a stream until it returns or the lease ends.
func (s *Server) hold(l *lease, handler func() error) error {
	defer l.leave()
	s.leases.Begin(&l.running, l.evidence, l.end)
	defer s.leases.End(&l.running)
	if l.over() != nil {
		return nil
	}
	if s.inPlace {
		return handler()
	}
	return l.run(handler)
}
