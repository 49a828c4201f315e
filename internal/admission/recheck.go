package admission

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// Rechecked is the result of a [Stream.Recheck].
type Rechecked struct {
	// Next is when to check again; [Never] if only a change of the issuers' keys
	// is a reason to.
	Next time.Time

	// Answered says that the answer came in time.
	Answered bool

	// Changed says that the token is valid, but has other claims than before, or was
	// not valid before: judge the stream again.
	Changed bool
}

// Recheck checks whether the token of the stream is still genuine. It asks the issuer
// about an opaque token, and uses the keys in memory for a JWT. It ends the stream if
// a new request with the token would be refused. The check ends with until. Call it
// only for streams that have a token.
func (s *Stream) Recheck(until context.Context) Rechecked {
	e := s.evidence
	ctx, cancel := s.checkContext(until)
	defer cancel()
	before := s.judged.Load().claims
	after, next, err := e.controller.verifier.Recheck(ctx, e.presented.token, before, time.Now())
	now := time.Now().Round(0)
	if err == nil && after != before {
		err = sameCaller(before, after)
	}
	if _, refused := errors.AsType[*audience.Refusal](err); refused {
		s.invalid.Store(&invalidToken{err})
		s.refuse(e.controller.guard.Load(), err)
		return Rechecked{Next: now.Add(observedInterval), Answered: true}
	}
	if err != nil {
		return Rechecked{Next: now.Add(retryInterval)}
	}
	wasInvalid := s.invalid.Swap(nil) != nil
	if after != before {
		s.judged.Store(&judgedToken{after, now})
	}
	return Rechecked{Next: next, Answered: true, Changed: wasInvalid || after != before}
}

// sameCaller refuses new claims of a token that name another caller than before, since
// the handler works for the caller that it has read.
func sameCaller(before, after *claims.Claims) error {
	was, is := before.Caller(), after.Caller()
	if was.Issuer == is.Issuer && was.Client == is.Client && was.User == is.User {
		return nil
	}
	return &audience.Refusal{
		Cause: audience.CauseTokenInactive,
		Got:   fmt.Sprintf("client %.64q, user %.64q", is.Client, is.User), Want: fmt.Sprintf("client %.64q, user %.64q", was.Client, was.User),
		Hint: "the issuer calls the token active, and says that it is of another caller than before",
	}
}
