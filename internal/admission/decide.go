package admission

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// Decide judges a request and records the decision: in the log, the metrics, the
// span of ctx, and the report of what would be refused. Call it once for each
// request, also for requests to public methods. ctx is the unchanged context of the
// request; the revocation checker and [Peer.Certificate] get it. Nobody may
// change r afterwards.
func (c *Controller) Decide(ctx context.Context, r *Request) Decision {
	e := &Evidence{controller: c, ctx: ctx, presented: &presented{request: r}}
	began := time.Now()
	guard := cmp.Or(r.Guard, c.guard.Load())
	err := c.admit(e, guard, began)
	return c.conclude(e, guard, err, began)
}

// conclude records what admit said about a request, and returns what happens to it.
func (c *Controller) conclude(e *Evidence, guard *access.Guard, err error, began time.Time) Decision {
	v := event{request: e.presented.request, guard: guard, rule: e.rule, claims: e.claims, evidence: e, err: err, began: began}
	if err != nil {
		v.mode = modeOf(e.rule, e.claims, err)
		if v.mode == access.Enforce && e.rule != nil && e.rule.WithoutEntry() {
			v.err = withoutRule(guard, e.presented.request.Method) // as if no rollout were there
		}
		if v.mode != access.Enforce && e.ctx.Err() != nil {
			v.err, v.mode = e.ctx.Err(), access.Enforce // a request that has ended cannot go on
		}
		if v.mode == access.Enforce {
			v.requestID = requestID(e.presented.request.RequestID)
		}
	}
	c.recorder.record(e.ctx, &v)
	d := v.decision()
	switch d.Outcome {
	case Admitted:
		d.Evidence = e
	case WouldRefuse:
		e.observedRefusal, e.observedClaims = v.err, e.claims
		e.claims, e.presented.token = nil, ""
		d.Evidence = e
	}
	return d
}

// admit makes the decision of guard about one request: whether its method has a rule,
// whether the connection is private, whether the token is genuine, and whether the
// rule admits it. It stores in e what it learns. If it returns no error and e has no
// claims, the request needs no caller.
func (c *Controller) admit(e *Evidence, guard *access.Guard, now time.Time) error {
	if refusal := e.presented.request.misdirected(guard); refusal != nil {
		return refusal
	}
	if e.presented.request.Unmatched != "" {
		return c.refuseUnmatched(e, now)
	}
	e.rule = guard.Rule(e.presented.request.Method)
	switch {
	case e.rule == nil:
		return withoutRule(guard, e.presented.request.Method)
	case e.rule.Public(), e.rule.Optional() && !e.presented.request.presentsCredentials():
		return nil
	}
	arrived := now
	now, err := c.verify(e, now)
	if err != nil {
		return err
	}
	p := e.presentation(e.claims, now)
	maxAge, asks := e.rule.AsksIssuer(e.claims, p)
	if !asks {
		if err := e.rule.Judge(e.claims, p); err != nil {
			return c.unlessRevoked(e, p, err)
		}
	}
	if err := c.checkRevocation(e.ctx, e.claims); err != nil || !asks {
		return err
	}
	if err := c.confirm(e, arrived, maxAge); err != nil {
		return err
	}
	return c.checkRevocation(e.ctx, e.claims) // again: the question took its time, and the answer may name a session
}

// unlessRevoked returns why a request is refused that its rule refuses. A request that is
// let through all the same is recorded, so that an entry can be made of it: where only an
// entry is missing, it matters whether its token was revoked.
func (c *Controller) unlessRevoked(e *Evidence, p access.Presentation, err error) error {
	lacksEntry := errors.Is(err, audience.CauseNoRule) || e.rule.Entry(e.claims, p) != (access.Entry{})
	if !lacksEntry || modeOf(e.rule, e.claims, err) == access.Enforce {
		return err
	}
	return cmp.Or(c.checkRevocation(e.ctx, e.claims), err)
}

// verify verifies the token of a request and stores it in e with its claims. It returns
// the time at which the claims are to be judged.
func (c *Controller) verify(e *Evidence, now time.Time) (time.Time, error) {
	if err := c.config.Plaintext.check(&e.presented.request.Peer); err != nil {
		return now, err
	}
	token, err := bearer(e.presented.request.Credentials)
	if err != nil {
		return now, err
	}
	e.changes = c.verifier.Changes()
	if e.claims, now, err = c.verifier.VerifyFor(e.ctx, token, e.rule, now); err != nil {
		return now, refineTokenError(err, token)
	}
	e.presented.token = token
	return now, nil
}

// refuseUnmatched returns why a request is refused that is no method of the matrix.
func (c *Controller) refuseUnmatched(e *Evidence, now time.Time) error {
	if _, err := c.verify(e, now); err != nil {
		return err
	}
	return &audience.Refusal{Cause: audience.CauseNoRule, Got: e.presented.request.Unmatched}
}

var (
	errNoRule = &audience.Refusal{Cause: audience.CauseNoRule, Hint: remedy.Situation{Cause: string(audience.CauseNoRule)}.Remedy()}
	errClosed = &audience.Refusal{Cause: audience.CauseNoRule, Hint: remedy.Situation{Cause: string(audience.CauseNoRule), Closed: true}.Remedy()}
)

// withoutRule returns why a method has no rule.
func withoutRule(guard *access.Guard, method string) error {
	if guard.Closed(method) {
		return errClosed
	}
	return errNoRule
}

// modeOf returns what happens to a request that err refuses. Only a refusal by a rule
// can be let through by a rollout.
func modeOf(rule *access.Rule, c *claims.Claims, err error) access.Mode {
	var refusal *audience.Refusal
	if rule == nil || !errors.As(err, &refusal) {
		return access.Enforce
	}
	return rule.Mode(c, time.Now())
}

// requestID returns the id by which the log names a refused request: the one that the
// peer gave, or otherwise a new one.
func requestID(given string) string {
	if id := CleanID(given); id != "" {
		return id
	}
	return rand.Text()
}
