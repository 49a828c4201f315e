package interceptor

import (
	"context"
	"errors"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// decision is what became of one call, or of a running stream.
type decision struct {
	method    string              // its full name
	rule      *access.Rule        // nil if the method has none
	claims    *claims.Claims      // nil if no genuine token came
	presented access.Presentation // how the token of a call that is refused came
	err       error               // why the rules refuse it, nil if they do not
	mode      access.Mode         // what happens to a call that they refuse
	began     time.Time           // when the judging began, or the stream that runs
	stream    bool                // a streaming call
	requestID string              // what its peer was told; empty if it was told nothing
	end       bool                // it is about a stream that runs already
}

// outcome is the word for a decision in logs, metrics and spans.
type outcome string

const (
	callAdmitted    outcome = "admitted"
	callRefused     outcome = "refused"
	callWouldRefuse outcome = "would_refuse" // it goes on, for the mode is not to enforce
	streamEnded     outcome = "ended"
	callFurther     outcome = "refused_further" // a handler met a refusal and handed it on
)

func (d *decision) outcome() outcome {
	switch {
	case d.err == nil:
		return callAdmitted
	case d.mode != access.Enforce:
		return callWouldRefuse
	case d.end:
		return streamEnded
	default:
		return callRefused
	}
}

// reason returns what the peer is told, in one of few words; empty if it is
// told nothing.
func (d *decision) reason() string {
	if d.err == nil {
		return ""
	}
	return answerTo(d.err).word()
}

// refusal returns the refusal that a decision is, nil if it is none.
func (d *decision) refusal() *audience.Refusal {
	refusal, _ := errors.AsType[*audience.Refusal](d.err)
	return refusal
}

// record tells of a decision, wherever the server stands among other
// interceptors. It is called once for each call, those of public methods
// included, and once more for a stream that is refused while it runs.
func (s *Server) record(ctx context.Context, d decision) { s.journal.record(ctx, &d) }

// journal tells of decisions to everyone who wants to know.
type journal struct {
	log       decisionLog
	metrics   *metrics
	breakages breakages
}

// newJournal returns the journal of a server with these figures. Close it.
func newJournal(o serverOptions, f figures) (*journal, error) {
	m, err := newMetrics(o.meters, f)
	if err != nil {
		return nil, err
	}
	j := &journal{log: decisionLog{to: o.log, oneIn: o.oneIn}, metrics: m}
	j.log.repeats.window, j.log.repeats.tell = o.window, j.log.more
	j.breakages.known.bound, j.breakages.strangers.bound = maxBreakages, maxBreakages
	return j, nil
}

// close writes the lines that are owed, and ends the reading of figures.
func (j *journal) close() error {
	j.log.repeats.close()
	return j.metrics.close()
}

func (j *journal) record(ctx context.Context, d *decision) {
	j.metrics.record(ctx, d)
	j.log.record(ctx, d)
	j.breakages.record(ctx, d)
	annotate(ctx, d)
	nameInAccessLog(ctx, d)
}
