package admission

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

const (
	// observedInterval is how soon a stream is judged again that continues although
	// its rule refuses it, since the rule is not enforced yet.
	observedInterval = time.Minute

	// checkTimeout is how long one check of a running stream may take.
	checkTimeout = time.Second

	// retryInterval is how soon a check is repeated that had no answer in time.
	retryInterval = 5 * time.Second
)

// Never is the time of an event that does not happen.
var Never = time.Unix(1<<40, 0)

// Stream is a request that goes on after it was admitted, and is judged again while it
// runs. The adapter calls its methods when that is due. A Stream is safe for
// concurrent use.
type Stream struct {
	evidence *Evidence
	end      func(Decision) bool
	began    time.Time
	first    judgedToken // with the claims by which the request was admitted
	judged   atomic.Pointer[judgedToken]
	asked    atomic.Pointer[time.Time]    // when the issuer last called the token active; nil if it was not asked
	invalid  atomic.Pointer[invalidToken] // nil while a new request with the token would be admitted
	observed atomic.Bool                  // the stream continues although its rule refuses it
	reported atomic.Bool                  // whether that was recorded
}

// judgedToken is what a stream is judged by: the last claims of its token, nil for a
// stream without a caller, and the time for which they hold.
type judgedToken struct {
	claims *claims.Claims
	at     time.Time
}

// invalidToken is why a token that was valid no longer is.
type invalidToken struct{ error }

// Begin makes s, a zero Stream, the stream of the request of e. Call it once for a request,
// before the handler runs. end is called when the stream is refused. It ends the stream with
// the decision and reports whether it did; it returns false if the stream was over.
func (s *Stream) Begin(e *Evidence, end func(Decision) bool) {
	s.evidence, s.end, s.began = e, end, time.Now()
	s.first = judgedToken{e.claims, s.began}
	s.judged.Store(&s.first)
	if !e.asked.IsZero() {
		s.asked.Store(&e.asked)
	}
	e.stream = s
}

// IsStream reports whether the request has a [Stream].
func (e *Evidence) IsStream() bool { return e.stream != nil }

// HasToken reports whether the stream was admitted by a token.
func (s *Stream) HasToken() bool { return s.evidence.claims != nil }

// Introspected reports whether the issuer is asked about the stream's token.
func (s *Stream) Introspected() bool {
	if !s.HasToken() {
		return false
	}
	return s.evidence.controller.guard.Load().Introspects(s.evidence.claims.Issuer())
}

// KeyChanges returns the count of changes to the issuers' keys, as it was before
// the stream's token was verified; see [Controller.KeyChanges].
func (s *Stream) KeyChanges() uint64 { return s.evidence.changes }

// TokenExpired reports whether exp of the stream's token has passed.
func (s *Stream) TokenExpired(now time.Time) bool {
	return !now.Before(s.judged.Load().claims.Expiry())
}

// KeyChanges counts the changes to the issuers' keys that can make a token
// invalid. While it stays the same, no JWT needs a [Stream.Recheck].
func (c *Controller) KeyChanges() uint64 { return c.verifier.Changes() }

// Judge judges the stream by the policy in force, at the time at which the stream
// began, and calls schedule with the time of the next Judge. If the policy changes
// meanwhile, it starts over, so that the last call of schedule comes from the policy
// in force.
func (s *Stream) Judge(schedule func(next time.Time)) {
	c := s.evidence.controller
	for {
		guard := c.guard.Load()
		schedule(s.judge(guard))
		if c.guard.Load() == guard {
			return
		}
	}
}

// judge ends the stream if guard refuses it. It returns when to judge a stream that
// continues: at the end of its token, or soon if a refusal is not enforced yet.
func (s *Stream) judge(guard *access.Guard) time.Time {
	rule := guard.Rule(s.evidence.presented.request.Method)
	if rule == nil {
		s.refuse(guard, withoutRule(guard, s.evidence.presented.request.Method))
		return Never
	}
	config := &s.evidence.controller.config
	end, now := Never, time.Now().Round(0)
	token := s.judged.Load()
	err := s.mayContinue(rule, token)
	if token.claims != nil && !config.IgnoreStreamExpiry && !rule.Public() {
		end = rule.Ends(token.claims).Add(config.StreamGrace)
		if err == nil && !now.Before(end) {
			err = expired(token.claims)
		}
	}
	if err == nil {
		s.observed.Store(false)
		return end
	}
	s.refuse(guard, err)
	soon := now.Add(observedInterval)
	if enforced := rule.ModeEnds(s.shownClaims(), now); !enforced.IsZero() && enforced.Before(soon) {
		soon = enforced
	}
	if soon.Before(end) || !now.Before(end) {
		return soon
	}
	return end
}

// shownClaims returns the claims of the stream's token, also if it has no caller; nil if the
// token is not genuine, or there is none.
func (s *Stream) shownClaims() *claims.Claims {
	return cmp.Or(s.judged.Load().claims, s.evidence.observedClaims)
}

// mayContinue decides whether the request of the stream would be admitted now, in its
// own context. A stream has no caller if it came without a token, if it continues
// although its rule refuses it, or if its method was public and its token was not
// read. Such a stream is refused where a request with a token would have a caller.
func (s *Stream) mayContinue(rule *access.Rule, token *judgedToken) error {
	e, invalid := s.evidence, s.invalid.Load()
	switch {
	case rule.Public():
		return nil
	case token.claims != nil && invalid != nil:
		return invalid.error
	case token.claims != nil && token == &s.first && rule == e.rule:
		return nil // as the request was judged
	case token.claims != nil:
		return rule.Judge(token.claims, s.presentation(token))
	case rule.Optional() && !e.presented.request.presentsCredentials():
		return nil
	case e.observedRefusal != nil:
		return e.observedRefusal
	}
	refusal := &audience.Refusal{Cause: audience.CauseCredentialsMissing}
	if e.presented.request.presentsCredentials() {
		refusal.Hint = "the method was public when the stream began, so that its token was not read; the client opens the stream again"
	}
	return refusal
}

// expired refuses a stream whose token has ended.
func expired(c *claims.Claims) error {
	return &audience.Refusal{
		Cause: audience.CauseExpiredMidstream,
		Got:   fmt.Sprintf("exp %s", c.Expiry().UTC().Format(time.RFC3339)),
		Hint:  "the client opens the stream again with a new token",
	}
}

// refuse ends the stream with err, by this policy. If the rule is not enforced yet, the stream
// continues with its caller, and the refusal is recorded once.
func (s *Stream) refuse(guard *access.Guard, err error) {
	e := s.evidence
	rule := guard.Rule(e.presented.request.Method)
	claims := s.shownClaims()
	v := event{request: e.presented.request, guard: guard, rule: rule, claims: claims, evidence: e, err: err, mode: modeOf(rule, claims, err), began: s.began, running: true}
	if v.mode != access.Enforce {
		s.observed.Store(true)
		if e.observedRefusal == nil && !s.reported.Swap(true) {
			e.controller.recorder.record(e.ctx, &v)
		}
		return
	}
	v.requestID = requestID(e.presented.request.RequestID)
	if s.end(v.decision()) {
		e.controller.recorder.record(e.ctx, &v)
	}
}

// CheckRevocation ends the stream if its token was revoked, even if its method has
// become public since: the stream still works for its caller. If the checker does not
// know, the stream goes on: an outage ends no stream. But it ends if the checker is a
// [revocation.Readier] that is not ready: such a one has a bound of its own for how old
// its knowledge may be, and nothing is judged beyond that. The check ends with until.
func (s *Stream) CheckRevocation(until context.Context) {
	e := s.evidence
	claims := s.judged.Load().claims
	if claims == nil || e.controller.config.Revocations == nil {
		return
	}
	ctx, cancel := s.checkContext(until)
	defer cancel()
	err := e.controller.checkRevocation(ctx, claims)
	ready, _ := e.controller.RevocationsReady()
	if errors.Is(err, audience.CauseRevoked) || errors.Is(err, audience.CauseRevocationUnavailable) && ready != nil {
		s.refuse(e.controller.guard.Load(), err)
	}
}

// checkContext returns the context for a check of the stream: the request's own
// context with a deadline of its own, since an outer interceptor may have ended the
// request's context while the stream continues.
func (s *Stream) checkContext(until context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.evidence.ctx), checkTimeout)
	stop := context.AfterFunc(until, cancel)
	return ctx, func() { stop(); cancel() }
}
