package admission

import (
	"context"
	"log/slog"
	"time"
)

// DownstreamLog writes the log lines of a client about its calls that other services
// refuse and about those that it could not send. Calls of one kind share lines, as in
// the log of a [Controller]. A DownstreamLog is safe for concurrent use.
type DownstreamLog struct {
	to    *slog.Logger
	lines refusalLines
}

// NewDownstreamLog returns a log in which calls of one kind share a line for the
// duration of window. Close it.
func NewDownstreamLog(to *slog.Logger, window time.Duration) *DownstreamLog {
	l := &DownstreamLog{to: to}
	l.lines.window, l.lines.writeCount = window, l.writeCount
	return l
}

// These are the messages of the lines, and of the lines that count repetitions.
var (
	downstreamMessages      = map[Outcome]string{Refused: "call refused by the service", StreamEnded: "stream ended by the service", notSent: "call not sent"}
	downstreamCountMessages = map[Outcome]string{
		Refused: "more calls refused by the service", StreamEnded: "more streams ended by the service", notSent: "more calls not sent",
		"": countMessages[""],
	}
)

func (d *Downstream) outcome() Outcome {
	switch {
	case d.Unsent != "":
		return notSent
	case d.Ended:
		return StreamEnded
	default:
		return Refused
	}
}

// Record writes the line of one call; ctx is the context of the call.
func (l *DownstreamLog) Record(ctx context.Context, d Downstream) {
	d.clean()
	k := kind{outcome: d.outcome(), method: d.Method, target: d.Service, reason: d.Reason, cause: d.Code}
	if !l.to.Enabled(ctx, levelOf(k.outcome)) {
		return
	}
	before, ok := l.lines.allow(k, d.RequestID)
	if !ok {
		return
	}
	line := newLogLine()
	line.target(d)
	line.word("code", d.Code)
	line.word("reason", d.Reason)
	line.repeated(before)
	line.optional("error", d.Unsent, line.left)
	line.attrs = append(line.attrs, slog.String("request_id", d.RequestID))
	l.to.LogAttrs(ctx, levelOf(k.outcome), downstreamMessages[k.outcome], line.attrs...)
}

// writeCount writes how often calls of a kind were repeated since the last line.
func (l *DownstreamLog) writeCount(k kind, since repeats) {
	line := newLogLine()
	if k != (kind{}) {
		line.target(Downstream{Service: k.target, Method: k.method})
		line.word("code", k.cause)
		line.word("reason", k.reason)
	}
	line.repeated(since)
	l.to.LogAttrs(context.Background(), levelOf(k.outcome), downstreamCountMessages[k.outcome], line.attrs...)
}

// Close writes the counts of repetitions that are not in the log yet.
func (l *DownstreamLog) Close() { l.lines.close() }
