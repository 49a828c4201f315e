package interceptor

import (
	"context"
	"time"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// stream is a [grpc.StreamServerInterceptor].
//
// A stream has a lease, and is judged again as a call would be: it ends with its
// token, at exp and the leeway of the issuer; when the token is revoked; within a
// second or two of the time when its key is known to have left the issuer's set,
// or when the issuer, asked again about an opaque token, does not call it active
// any more; and when a new policy refuses it, which may also happen to a stream
// without a token. Its caller stays the one that it began with. Its peer is told
// TOKEN_EXPIRED, or that reason; its handler's context is cancelled, and its
// RecvMsg and SendMsg return the same. The handler runs in a goroutine of its own,
// so it may outlive the RPC for a moment; a panic in it is raised again for the
// interceptors around this one, and only logged if the RPC has ended before. See
// [StreamGrace] and [CheckOnReceive].
func (s *Server) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	setTrailer := func(_ context.Context, md metadata.MD) error {
		stream.SetTrailer(md)
		return nil
	}
	ctx, evidence, err := s.decide(stream.Context(), info.FullMethod, admission.StreamingShape, setTrailer)
	if err != nil {
		return err
	}
	if evidence.IsStream() { // s stands in the chain twice
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

// hold runs the handler of a stream, for as long as the lease lasts.
func (s *Server) hold(l *lease, handler func() error) error {
	defer l.leave()
	s.leases.add(l, admission.Never)
	defer s.leases.remove(l)
	if s.reconsider(l); l.over() != nil {
		return nil
	}
	if s.inPlace {
		return handler()
	}
	return l.run(handler)
}

// reconsider judges a running stream by the policy in force, and sets when to do
// so again.
func (s *Server) reconsider(l *lease) {
	l.judged.Judge(func(next time.Time) { s.leases.move(l, next) })
}
