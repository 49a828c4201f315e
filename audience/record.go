package audience

import (
	"context"
	"log/slog"
	"slices"
	"time"
)

// Record says who asked for work that is done later: a job in a queue, a batch
// at night. It goes where the token must not, since a token that waits in a queue
// is a token that can be stolen there, and is dead when its turn comes.
//
// A Record is audit information and never authority: whoever can write to the
// queue can write any Record. The worker calls as itself, with its own token, and
// puts the Record into its context with [NewRecordContext], for logs. It holds no
// token, marshals to JSON, and is a plain value.
type Record struct {
	// Issuer, Service, User and Chain are those of the [Caller].
	Issuer string   `json:"issuer"`
	Client string   `json:"client,omitempty"`
	User   string   `json:"user,omitempty"`
	Chain  []string `json:"chain,omitempty"`

	// Time is when the work was asked for.
	Time time.Time `json:"time"`

	// RequestID names the call that asked for it, in the logs of the server
	// that took it. Empty if it has no name.
	RequestID string `json:"request_id,omitempty"`
}

// Record returns what is to be stored with a job that c asks for now, in the
// call of that request id, which may be empty.
func (c Caller) Record(requestID string) Record {
	return Record{
		Issuer: c.Issuer, Client: c.Client, User: c.User, Chain: slices.Clone(c.Chain),
		Time: time.Now().Round(0), RequestID: requestID,
	}
}

// LogValue implements [slog.LogValuer]: a group of what is known.
func (r Record) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("issuer", r.Issuer)}
	if r.Client != "" {
		attrs = append(attrs, slog.String("client", r.Client))
	}
	if r.User != "" {
		attrs = append(attrs, slog.String("user", r.User))
	}
	if len(r.Chain) > 0 {
		attrs = append(attrs, slog.Any("chain", r.Chain))
	}
	attrs = append(attrs, slog.Time("time", r.Time))
	if r.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", r.RequestID))
	}
	return slog.GroupValue(attrs...)
}

type recordKey struct{}

// NewRecordContext returns a context in which work is done for whom r names. It
// makes no [Caller]: [FromContext] and all that asks it know nothing of r.
func NewRecordContext(ctx context.Context, r Record) context.Context {
	return context.WithValue(ctx, recordKey{}, r)
}

// RecordFromContext returns the Record that [NewRecordContext] put into ctx;
// false if there is none.
func RecordFromContext(ctx context.Context) (Record, bool) {
	r, ok := ctx.Value(recordKey{}).(Record)
	r.Chain = slices.Clone(r.Chain)
	return r, ok
}
