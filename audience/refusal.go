package audience

import (
	"fmt"
	"strings"
	"time"
)

// Refusal is the error of every refused call. It is written for the operator and
// may say what the rule wants and what the token has. Do not send it to the
// peer, who is told only [Refusal.Reason] and its phrase. A Refusal never holds
// a token or a key.
type Refusal struct {
	// Cause says why the call was refused.
	Cause Cause

	// Want is what the rule requires, and Got is what the token or the call had.
	// They are empty if they would add nothing to Cause.
	Want, Got string

	// Hint is the likely mistake and how to fix it; empty if it is not known.
	Hint string

	// Challenge says what the peer can request from its issuer to be admitted.
	Challenge Challenge

	// RetryAfter is the time after which a new attempt may succeed. It is set
	// only if the token could not be judged, such as in an outage of the issuer.
	// Zero means that the time is unknown.
	RetryAfter time.Duration

	// Err is the underlying error; it may be nil.
	Err error
}

// Challenge says what another token must have, so that the call is admitted.
// Unlike the rest of a [Refusal], it is meant for the peer. The zero value
// demands nothing.
type Challenge struct {
	// Scopes are the scopes that were missing (scope in RFC 6750, section 3).
	Scopes []string

	// ACR are the accepted kinds of login (acr_values in RFC 9470, section 3).
	ACR []string

	// MaxAge is the longest time since the login (max_age in RFC 9470, section
	// 3). Zero means that there is no limit.
	MaxAge time.Duration
}

// Reason returns what the peer is told.
func (r *Refusal) Reason() Reason { return r.Cause.Reason() }

// Error returns the cause, Got and Want, the hint, and the underlying error, in
// this order.
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

// Unwrap returns the cause and the underlying error.
func (r *Refusal) Unwrap() []error {
	if r.Err == nil {
		return []error{r.Cause}
	}
	return []error{r.Cause, r.Err}
}
