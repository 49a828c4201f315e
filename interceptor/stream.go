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

// stream is a [grpc.StreamServerInterceptor].
//
// A stream has a lease, and is judged again as a call would be: it ends with its
// token, at exp and the leeway of the issuer; when the token is revoked; within a
// second or two of the time when its key is known to have left the issuer's set,
// or when the issuer, asked again about an opaque token, does not call it active
// any more; and when a new policy refuses it, which may also befall one without a
// token. Its caller stays the one that it began with. Its peer is told TOKEN_EXPIRED, or that
// reason; its handler's context is cancelled, and its RecvMsg and SendMsg return
// the same. The handler runs in a goroutine of its own, so it may outlive the
// RPC for a moment; a panic in it is raised again for the interceptors around
// this one, and only logged if the RPC has ended before. See [Grace] and
// [CheckOnReceive].
func (s *Server) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	setTrailer := func(_ context.Context, md metadata.MD) error {
		stream.SetTrailer(md)
		return nil
	}
	ctx, err := s.decide(stream.Context(), info.FullMethod, true, setTrailer)
	if err != nil {
		return err
	}
	c, _ := callFrom(ctx)
	if c.lease != nil {
		wrapped := middleware.WrapServerStream(stream)
		wrapped.WrappedContext = ctx
		return s.passOn(ctx, info.FullMethod, handler(srv, wrapped))
	}
	l := newLease(ctx, c, stream)
	c.lease = l
	err = s.hold(l, func() error { return handler(srv, l) })
	if end := l.over(); end != nil {
		l.mu.Lock() // a handler that is left behind may be at the trailer as well
		defer l.mu.Unlock()
		stream.SetTrailer(challengeTrailer(ctx, end.error))
		return end.status
	}
	return s.passOn(ctx, info.FullMethod, err)
}

// hold runs the handler of a stream, for as long as the lease lasts.
func (s *Server) hold(l *lease, handler func() error) error {
	defer l.leave()
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
// began, and sets by it when to look again. A policy that changes meanwhile
// counts.
func (s *Server) reconsider(l *lease) {
	for {
		guard := s.guard.Load()
		s.leases.move(l, s.judgeAgain(l, guard.Rule(l.call.method)))
		if s.guard.Load() == guard {
			return
		}
	}
}

// judgeAgain ends a running stream that rule refuses, and returns when to look
// at one that goes on: at its end, or soon where its refusal is not enforced
// yet.
func (s *Server) judgeAgain(l *lease, rule *audience.Rule) time.Time {
	if rule == nil {
		s.end(l, rule, errNoRule)
		return never
	}
	end, now := never, time.Now().Round(0)
	on := l.judged.Load()
	err := s.mayGoOn(l, rule, on)
	if on.claims != nil && !s.endless && !rule.Public() {
		end = rule.Ends(on.claims).Add(s.grace)
		if err == nil && !now.Before(end) {
			err = expired(on.claims)
		}
	}
	if err == nil {
		l.spared.Store(false)
		return end
	}
	s.end(l, rule, err)
	if soon := now.Add(again); soon.Before(end) || !now.Before(end) {
		return soon
	}
	return end
}

// mayGoOn asks whether a running stream might begin now as it did then, by the
// call's own context. One without a caller came without a token, or was spared,
// or nobody looked at its token, since its method was public: then it does not
// go on where a call with a token would have a caller, or be refused.
func (s *Server) mayGoOn(l *lease, rule *audience.Rule, on *judged) error {
	c, lost := l.call, l.lost.Load()
	switch {
	case rule.Public():
		return nil
	case on.claims != nil && lost != nil:
		return lost.error
	case on.claims != nil:
		return s.may(c.Context, rule, on.claims, on.at)
	case rule.Optional() && !presents(c.Context):
		return nil
	case c.spared != nil:
		return c.spared
	}
	refusal := &audience.Refusal{Cause: audience.CauseCredentialsMissing}
	if presents(c.Context) {
		refusal.Hint = "the method was public when the stream began, so that nobody looked at its token; the client opens the stream again"
	}
	return refusal
}

// expired refuses a stream whose token has ended.
func expired(c *audience.Claims) error {
	return &audience.Refusal{
		Cause: audience.CauseExpiredMidstream,
		Got:   fmt.Sprintf("exp %s", c.Expiry().UTC().Format(time.RFC3339)),
		Hint:  "the client opens the stream again with a new token",
	}
}

// end ends a running stream for err. Where the rule is not enforced yet it goes
// on, with the caller that it has, and that is told once.
func (s *Server) end(l *lease, rule *audience.Rule, err error) {
	claims := l.judged.Load().claims
	if claims == nil {
		claims = l.call.found
	}
	d := decision{
		method: l.call.method, rule: rule, claims: claims, err: err, mode: modeOf(rule, claims, err),
		began: l.opened, stream: true, end: true,
	}
	if d.mode == audience.Enforce {
		d.requestID = requestIDOf(l.Context())
		if !l.end(err, d.requestID) {
			return
		}
		s.record(l.Context(), d)
		return
	}
	l.spared.Store(true)
	if l.call.spared == nil && !l.told.Swap(true) {
		s.record(l.Context(), d)
	}
}
