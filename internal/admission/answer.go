package admission

import (
	"context"
	"errors"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// These are the statuses of requests that ended before they were judged.
const (
	StatusCancelled        audience.Status = "CANCELLED"
	StatusDeadlineExceeded audience.Status = "DEADLINE_EXCEEDED"
)

// Answer is what the peer of a refused request is told.
type Answer struct {
	Status audience.Status
	Phrase string

	// Reason is empty if the request ended before it was judged.
	Reason audience.Reason

	// RetryAfter is when another attempt may succeed; 0 if that is unknown.
	RetryAfter time.Duration

	wanted audience.Challenge
}

// AnswerTo returns what the peer is told about a request that was refused with err: a
// status, a fixed phrase and a reason. No other function makes an answer from an
// error, and no text of err is in the answer. An err that is neither a refusal nor the
// end of the request itself means that the request could not be judged.
func AnswerTo(err error) Answer {
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		a := answerWith(refusal.Reason())
		a.RetryAfter, a.wanted = max(0, refusal.RetryAfter), refusal.Challenge
		return a
	}
	switch {
	case errors.Is(err, context.Canceled):
		return Answer{Status: StatusCancelled, Phrase: "call cancelled"}
	case errors.Is(err, context.DeadlineExceeded):
		return Answer{Status: StatusDeadlineExceeded, Phrase: "deadline exceeded"}
	default:
		return answerWith(audience.ReasonIssuerUnavailable)
	}
}

func answerWith(reason audience.Reason) Answer {
	return Answer{Status: reason.Status(), Phrase: reason.Phrase(), Reason: reason}
}

// Word returns the reason, or the status if there is no reason. The set of words is
// small and fixed.
func (a Answer) Word() string {
	if a.Reason == "" {
		return string(a.Status)
	}
	return string(a.Reason)
}

// Challenge returns the credentials that the peer is asked for; false if no other
// credentials would help.
func (a Answer) Challenge() (Challenge, bool) {
	if a.Reason == "" || a.Status == audience.StatusUnavailable {
		return Challenge{}, false
	}
	c := Challenge{Realm: Realm, Error: a.Reason.Challenge()}
	if c.Error != "" {
		c.Description, c.Wanted = a.Phrase, a.wanted
	}
	return c, true
}

// codeName returns the name of a status in logs. It is gRPC's name of the code.
func codeName(s audience.Status) string {
	switch s {
	case audience.StatusPermissionDenied:
		return "PermissionDenied"
	case audience.StatusUnavailable:
		return "Unavailable"
	case StatusCancelled:
		return "Canceled"
	case StatusDeadlineExceeded:
		return "DeadlineExceeded"
	default:
		return "Unauthenticated"
	}
}
