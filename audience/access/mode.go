package access

import (
	"time"

	"github.com/grpcaud/grpcaud/audience/claims"
)

// Mode is what happens to a call that the rules refuse. The zero value is
// [Enforce]. Only the matrix sets modes, each until a given time: [Rollout].
type Mode uint8

// The modes, strictest first.
const (
	// Enforce refuses the call.
	Enforce Mode = iota

	// Warn lets it through without a caller, and reports it to the peer, the log
	// and the metrics.
	Warn

	// Observe lets it through without a caller, and reports it to the log and the
	// metrics.
	Observe
)

// String returns the word that the file uses: "enforce", "warn" or "observe".
// It is "enforce" for every other value.
func (m Mode) String() string {
	switch m {
	case Warn:
		return "warn"
	case Observe:
		return "observe"
	default:
		return "enforce"
	}
}

// rollout is a [Rollout] for one method.
type rollout struct {
	mode    Mode
	until   time.Time
	clients map[party]bool // nil for everybody
}

// Mode returns what happens at the time now to a call that the rule refuses. c is
// nil if there is no genuine token. A mode for named clients applies only to tokens
// of an issuer of the service that name the service in aud: no other token shows
// which client calls.
func (r *Rule) Mode(c *claims.Claims, now time.Time) Mode {
	if o := r.rollout(c, now); o != nil {
		return o.mode
	}
	return Enforce
}

// ModeEnds returns the time at which the [Rule.Mode] of now ends. It is the zero time for
// [Enforce].
func (r *Rule) ModeEnds(c *claims.Claims, now time.Time) time.Time {
	if o := r.rollout(c, now); o != nil {
		return o.until
	}
	return time.Time{}
}

// rollout returns the rollout that is about a call; nil if none is.
func (r *Rule) rollout(c *claims.Claims, now time.Time) *rollout {
	for i := range r.rollouts {
		o := &r.rollouts[i]
		if now.Round(0).Before(o.until) && (o.clients == nil || c != nil && o.clients[party{c.Issuer(), c.Client()}] && r.names(c, now)) {
			return o
		}
	}
	return nil
}

// names reports whether a token is one of an issuer of the service, and names the
// service in aud.
func (r *Rule) names(c *claims.Claims, now time.Time) bool {
	e := r.evaluate(c, Presentation{Time: now})
	return e.tokenCause(checkIssuer) == "" && e.tokenCause(checkAudience) == ""
}

// Rollout says that the rules are enforced later: until then, calls that they refuse
// go through, without a caller. That includes calls of methods that no entry is about, if
// Methods names them, or if the service has no entries and Methods is empty.
type Rollout struct {
	// Mode is [Observe] or [Warn].
	Mode Mode

	// Until is when the rules are enforced, in the running process too. Required, and
	// at most 90 days ahead when [New] is called.
	Until time.Time

	// Methods are the methods that it applies to, by their short names; empty means
	// all.
	Methods []string

	// Clients are the clients that it applies to, by their names in the matrix;
	// empty means every call, with or without a token. A client is recognised only
	// by a genuine token that names the service in aud.
	Clients []string
}
