package admission

import (
	"context"
	"errors"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
)

const (
	// onlineInterval is the shortest time between two questions about the token of a
	// running stream whose rule demands that the issuer is asked.
	onlineInterval = 5 * time.Second

	// onlineShared is how old an answer may be that such a stream shares with others
	// that have the same token.
	onlineShared = time.Second

	// onlineGrace is how long such a stream goes on after the next question was due,
	// while the issuer cannot be asked.
	onlineGrace = time.Minute
)

// confirm asks the issuer about the token of e, which arrived at that time, and judges the
// request by the answer. Everything else that its rule demands holds already.
func (c *Controller) confirm(e *Evidence, arrived time.Time, maxAge time.Duration) error {
	claims, asked, err := c.verifier.Confirm(e.ctx, e.presented.token, e.claims, arrived.Add(-maxAge))
	if err == nil {
		err = sameCaller(e.claims, claims)
	}
	if err != nil {
		return err
	}
	e.claims, e.asked = claims, asked
	p := e.presentation(claims, time.Now())
	p.Answer = access.Answer{Active: true, Age: max(0, arrived.Sub(asked))}
	return e.rule.Judge(claims, p)
}

// presentation returns how the token of the stream was presented. Whether the issuer
// calls it active is not judged here: [Stream.Confirm] asks in time.
func (s *Stream) presentation(token *judgedToken) access.Presentation {
	p := s.evidence.presentation(token.claims, token.at)
	p.Answer.Active = true
	return p
}

// rule returns the rule of the stream in the policy in force; nil if it has none.
func (s *Stream) rule() *access.Rule {
	return s.evidence.controller.guard.Load().Rule(s.evidence.presented.request.Method)
}

// asksIssuer reports whether rule admits the stream only while the issuer calls its token
// active, and how old the answer may be.
func (s *Stream) asksIssuer(rule *access.Rule) (maxAge time.Duration, asks bool) {
	token := s.judged.Load()
	if rule == nil || token.claims == nil {
		return 0, false
	}
	return rule.AsksIssuer(token.claims, s.evidence.presentation(token.claims, token.at))
}

// NextQuestion returns when to call [Stream.Confirm]; [Never] if the policy in force does
// not demand that the issuer is asked. Call it after [Stream.Judge].
func (s *Stream) NextQuestion() time.Time {
	maxAge, asks := s.asksIssuer(s.rule())
	asked := s.asked.Load()
	switch {
	case !asks:
		return Never
	case asked == nil: // the policy demands it since the stream began
		return time.Now().Round(0)
	default:
		return asked.Round(0).Add(max(maxAge, onlineInterval))
	}
}

// Confirm asks the issuer whether the token of the stream is still active, if the policy
// in force demands that. It ends the stream if the token is not active, and if the issuer
// could not be asked for too long. The question ends with until.
func (s *Stream) Confirm(until context.Context) Rechecked {
	e, before, now := s.evidence, s.judged.Load().claims, time.Now()
	guard := e.controller.guard.Load()
	maxAge, asks := s.asksIssuer(guard.Rule(e.presented.request.Method))
	if !asks {
		return Rechecked{Next: Never, Answered: true}
	}
	ctx, cancel := s.checkContext(until)
	defer cancel()
	after, asked, err := e.controller.verifier.Confirm(ctx, e.presented.token, before, now.Add(-onlineShared))
	if err == nil {
		err = sameCaller(before, after)
	}
	_, refused := errors.AsType[*audience.Refusal](err)
	switch last := s.asked.Load(); {
	case err == nil:
		s.asked.Store(&asked)
	case !refused, errors.Is(err, audience.CauseIntrospectionUnavailable) && last != nil && now.Round(0).Before(last.Round(0).Add(max(maxAge, onlineInterval)+onlineGrace)):
		return Rechecked{Next: now.Round(0).Add(retryInterval)}
	default:
		s.asked.Store(nil)
		s.refuse(guard, err)
		return Rechecked{Next: now.Round(0).Add(observedInterval), Answered: true}
	}
	if after != before {
		s.judged.Store(&judgedToken{after, time.Now().Round(0)})
	}
	return Rechecked{Next: s.NextQuestion(), Answered: true, Changed: after != before}
}
