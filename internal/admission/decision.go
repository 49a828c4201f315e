package admission

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// Outcome is the word for a decision in logs, metrics and spans.
type Outcome string

// These are the outcomes.
const (
	Admitted    Outcome = "admitted"
	Refused     Outcome = "refused"
	WouldRefuse Outcome = "would_refuse" // the request goes on, without a caller: its rule is not enforced yet
	StreamEnded Outcome = "ended"        // a running stream was refused

	// refusedDownstream is only for the log: a handler returned a refusal by another
	// service.
	refusedDownstream Outcome = "refused_further"

	// notSent is only for the log of a client: there was no token for the call.
	notSent Outcome = "not_sent"
)

// Decision is the result for a request, or for a running stream.
type Decision struct {
	Outcome Outcome

	// Mode says whether the rule is enforced.
	Mode access.Mode

	// Err is why the request is, or would be, refused: an [audience.Refusal], or
	// the error of a request that ended meanwhile. It is nil for [Admitted]. It
	// is for the operator; the peer is told [Decision.Answer] and nothing of Err.
	Err error

	// RequestID names the request in the log, for its peer to ask about; empty
	// unless it was refused.
	RequestID string

	// Caller is who made the request, as a genuine token says; nil if none came.
	// For an access log: a handler's caller is [Evidence.Caller].
	Caller *audience.Caller

	// Evidence is why the request was let in; nil if it was refused.
	Evidence *Evidence
}

// Refusal returns why the request is, or would be, refused; nil if it is
// admitted, or ended before it was judged.
func (d Decision) Refusal() *audience.Refusal {
	refusal, _ := errors.AsType[*audience.Refusal](d.Err)
	return refusal
}

// Answer returns what the peer of a refused request is told.
func (d Decision) Answer() Answer { return AnswerTo(d.Err) }

// event is one decision as the recorder gets it.
type event struct {
	request   *Request
	guard     *access.Guard  // which judged it
	rule      *access.Rule   // nil if the method has none
	claims    *claims.Claims // nil without a genuine token
	evidence  *Evidence      // of the request; it says how the token was presented
	err       error          // why the rules refuse the request; nil if they do not
	mode      access.Mode    // what happens to a request that the rules refuse
	began     time.Time      // when the judgement began, or the running stream
	requestID string         // which the peer is told; empty if it is told none
	running   bool           // the event is about a running stream

	certificate string // the name in the client's certificate; for refused requests
}

func (v *event) outcome() Outcome {
	switch {
	case v.err == nil:
		return Admitted
	case v.mode != access.Enforce:
		return WouldRefuse
	case v.running:
		return StreamEnded
	default:
		return Refused
	}
}

// reason returns the word that the peer is told, from a small fixed set; empty if it
// is told none.
func (v *event) reason() string {
	if v.err == nil {
		return ""
	}
	return AnswerTo(v.err).Word()
}

// refusal returns the refusal of an event; nil if it has none.
func (v *event) refusal() *audience.Refusal {
	refusal, _ := errors.AsType[*audience.Refusal](v.err)
	return refusal
}

// clientLabel returns the name of the client in the matrix: "other" if the matrix does
// not have it, empty without a genuine token. So the set of labels is bounded by the
// matrix.
func (v *event) clientLabel() string {
	if v.claims == nil {
		return ""
	}
	if name := v.guard.Client(v.claims.Issuer(), v.claims.Client()); name != "" {
		return name
	}
	return otherLabel
}

// longWord matches a part of a path that may be a token, a part of one, or a key.
var longWord = regexp.MustCompile(`[A-Za-z0-9_=.~%+-]{24,}`)

// method returns the name of the method for the log, the report and the records: without the
// query of a path, and, of a path that calls nothing, without what may be a token.
func (v *event) method() string {
	name, _, _ := strings.Cut(v.request.Method, "?")
	if v.request.Unmatched != "" {
		name = longWord.ReplaceAllString(name[:min(len(name), 2*maxName)], "…")
	}
	return name
}

// named reports whether the matrix, and not the peer, chose the name of the method or
// of its service.
func (v *event) named() bool { return v.rule != nil || v.guard.Closed(v.request.Method) }

func (v *event) decision() Decision {
	d := Decision{Outcome: v.outcome(), Mode: v.mode, Err: v.err, RequestID: v.requestID}
	if v.claims != nil {
		d.Caller = v.claims.Caller()
	}
	return d
}
