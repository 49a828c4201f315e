package interceptor

import (
	"context"
	"fmt"
	"time"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
)

// Stream is a [grpc.StreamServerInterceptor]. Install it with [Server.Options].
//
// A stream with a caller has a lease: it ends with its token, at exp and the
// leeway of the issuer, or when the token is revoked or a new policy refuses
// it. Its peer is told TOKEN_EXPIRED, or that reason; its handler's context is
// cancelled, and its RecvMsg and SendMsg return the same. The handler runs in a
// goroutine of its own, so it may outlive the RPC for a moment; a panic in it is
// raised again for the interceptors around this one, and only logged if the RPC
// has ended before. See [Grace] and [CheckOnReceive].
func (s *Server) Stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	setTrailer := func(_ context.Context, md metadata.MD) error {
		stream.SetTrailer(md)
		return nil
	}
	ctx, err := s.decide(stream.Context(), info.FullMethod, true, setTrailer)
	if err != nil {
		return err
	}
	c, _ := callFrom(ctx)
	if c.claims == nil || c.leased {
		wrapped := middleware.WrapServerStream(stream)
		wrapped.WrappedContext = ctx
		return passedOn(handler(srv, wrapped))
	}
	c.leased = true
	l := newLease(ctx, c, stream)
	err = s.hold(l, func() error { return handler(srv, l) })
	if end := l.over(); end != nil {
		l.mu.Lock() // a handler that is left behind may be at the trailer as well
		defer l.mu.Unlock()
		stream.SetTrailer(challenge(end.error))
		return end.status
	}
	return passedOn(err)
}

// hold runs the handler of a stream, for as long as the lease lasts.
func (s *Server) hold(l *lease, handler func() error) error {
	defer l.cancel(nil)
	s.leases.add(l, never)
	defer s.leases.remove(l)
	if s.reconsider(l); l.over() != nil {
		return nil
	}
	if s.inPlace {
		return handler()
	}
	return l.run(handler)
}

// reconsider judges a running stream by the policy in force, as of when it
// began, and sets its end by it.
func (s *Server) reconsider(l *lease) {
	rule := s.guard.Load().Rule(l.call.method)
	if rule == nil {
		s.end(l, errNoRule)
		return
	}
	if err := s.may(l.Context(), rule, l.call.claims, l.opened); err != nil {
		s.end(l, err)
	}
	end := never
	if !s.endless && !rule.Public() {
		end = rule.Ends(l.call.claims).Add(s.grace)
	}
	s.leases.move(l, end)
}

// expired ends a stream whose time has come.
func (s *Server) expired(l *lease) {
	s.end(l, &audience.Refusal{
		Cause: audience.CauseExpiredMidstream,
		Got:   fmt.Sprintf("exp %s", l.call.claims.Expiry().UTC().Format(time.RFC3339)),
		Hint:  "the client opens the stream again with a new token",
	})
}

// end ends a running stream for err. Where the rule is not enforced yet it goes
// on, with the caller that it has, and that is told once.
func (s *Server) end(l *lease, err error) {
	rule := s.guard.Load().Rule(l.call.method)
	d := decision{
		method: l.call.method, rule: rule, claims: l.call.claims, err: err, mode: modeOf(rule, l.call.claims, err),
		began: l.opened, stream: true, end: true,
	}
	if d.mode == audience.Enforce {
		d.requestID = requestIDOf(l.Context())
		if !l.end(err, d.requestID) {
			return
		}
	} else if l.told.Swap(true) {
		return
	}
	s.record(l.Context(), d)
}
