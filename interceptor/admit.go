package interceptor

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
)

// wouldRefuse is the trailer with the reason for which a call is going to be
// refused once its rule is enforced; see [audience.Warn].
const wouldRefuse = "grpcaud-would-refuse"

// decide judges a call and returns the context of its handler, or the status
// that its peer is told. A call that s has let in already, since it stands in
// the chain twice, is not judged again: it has no token any more, and is the
// same call unless somebody gave it a new one.
func (s *Server) decide(ctx context.Context, method string, stream bool, setTrailer func(context.Context, metadata.MD) error) (context.Context, error) {
	if c, ok := callFrom(ctx); ok && c.server == s && c.method == method && !c.ended() && !presents(ctx) {
		return ctx, nil
	}
	c := &call{Context: ctx, server: s, method: method}
	d := decision{method: method, began: time.Now(), stream: stream}
	if d.err = s.admit(c, d.began); d.err != nil {
		if d.mode = modeOf(c.rule, c.claims, d.err); d.mode != audience.Enforce && ctx.Err() != nil {
			d.err = ctx.Err() // what has ended cannot go on
			d.mode = modeOf(c.rule, c.claims, d.err)
		}
		if d.mode == audience.Enforce {
			d.requestID = requestIDOf(ctx)
		}
	}
	d.rule, d.claims = c.rule, c.claims
	s.record(ctx, d)
	switch {
	case d.err == nil:
		c.hideMetadata()
		return c, nil
	case d.mode == audience.Enforce:
		_ = setTrailer(ctx, challenge(d.err)) // fails only if the call has ended
		return nil, statusOf(d.err, d.requestID).Err()
	case d.mode == audience.Warn:
		_ = setTrailer(ctx, metadata.Pairs(wouldRefuse, answerTo(d.err).word()))
	}
	c.spared, c.found = d.err, c.claims
	c.claims, c.raw = nil, nil
	c.hideMetadata()
	return c, nil
}

// admit is the whole decision about one call: whether its method has a rule,
// whether the wire is private, whether the token is genuine, and what the rule
// says to it. It notes on c what it finds; without claims and without an error
// nobody was asked.
func (s *Server) admit(c *call, now time.Time) error {
	c.rule = s.guard.Load().Rule(c.method)
	switch {
	case c.rule == nil:
		return errNoRule
	case c.rule.Public(), c.rule.Optional() && !presents(c.Context):
		return nil
	}
	if err := s.wire.admits(c.Context); err != nil {
		return err
	}
	raw, err := bearer(c.Context)
	if err != nil {
		return err
	}
	c.changes = s.verifier.Changes()
	if c.claims, now, err = s.verifier.VerifyFor(c.Context, raw, c.rule, now); err != nil {
		return refined(err, raw)
	}
	c.raw = &raw
	if err := s.may(c.Context, c.rule, c.claims, now); err != nil {
		return err
	}
	return s.revoked(c.Context, c.claims)
}

// may asks whether the bearer of a genuine token may call at the time now, over
// the connection of ctx.
func (s *Server) may(ctx context.Context, rule *audience.Rule, c *audience.Claims, now time.Time) error {
	if err := rule.Judge(c, now); err != nil {
		return err
	}
	return s.bound(ctx, rule, c)
}

var errNoRule = &audience.Refusal{Cause: audience.CauseNoRule, Hint: "no entry of the matrix names the method, or it is closed there"}

// modeOf returns what becomes of a call for which err was found: only a refusal
// under a rule can be overlooked.
func modeOf(rule *audience.Rule, c *audience.Claims, err error) audience.Mode {
	var refusal *audience.Refusal
	if rule == nil || !errors.As(err, &refusal) {
		return audience.Enforce
	}
	return rule.Mode(c, time.Now())
}
