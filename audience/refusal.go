package audience

import (
	"fmt"
	"strings"
	"time"
)

// Refusal is the error of every refused call. It is written for the operator:
// what the rule wants and what the token brought may stand in it, so it must
// not reach the peer, who is told [Refusal.Reason] and its phrase. It never
// holds a token or a key.
type Refusal struct {
	// Cause says why.
	Cause Cause

	// Want and Got are what was asked for and what came; empty where that says
	// nothing.
	Want, Got string

	// Hint is the likely mistake and its mending, if one can be told.
	Hint string

	// Challenge is what the peer may ask its issuer for, to be admitted.
	Challenge Challenge

	// RetryAfter is when the answer may differ; only for refusals that mean
	// "I could not find out". Zero means unknown.
	RetryAfter time.Duration

	// Err is what lies beneath; may be nil.
	Err error
}

// Challenge is the part of a refusal that a peer can mend with another token.
// Unlike the rest of a [Refusal], it is meant for the peer. The zero value says
// nothing.
type Challenge struct {
	// Scopes are the scopes that were missing (scope in RFC 6750, section 3).
	Scopes []string

	// ACR are the ways to log in that will do (acr_values in RFC 9470, section 3).
	ACR []string

	// MaxAge is the most time that may pass after the login (max_age in RFC
	// 9470, section 3); zero means that it does not matter.
	MaxAge time.Duration
}

// Reason returns what the peer is told.
func (r *Refusal) Reason() Reason { return r.Cause.Reason() }

// Error says the cause, got and want, the hint, and what lies beneath, in this
// order.
func (r *Refusal) Error() string {
	var b strings.Builder
	b.WriteString(r.Cause.Error())
	separator := ": "
	part := func(format, text string) {
		if text != "" {
			fmt.Fprintf(&b, separator+format, text)
			separator = ", "
		}
	}
	part("got %s", r.Got)
	part("want %s", r.Want)
	if separator == ", " {
		separator = "; "
	}
	part("%s", r.Hint)
	if r.Err != nil {
		b.WriteString(": " + r.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause and what lies beneath.
func (r *Refusal) Unwrap() []error {
	if r.Err == nil {
		return []error{r.Cause}
	}
	return []error{r.Cause, r.Err}
}
