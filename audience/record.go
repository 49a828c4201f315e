package audience

import (
	"context"
	"log/slog"
	"slices"
	"time"
)

// Record says who asked for work that is done later, such as a job in a queue or
// a batch at night. Store a Record with the job, and never the token: a token in
// a queue can be stolen there, and has expired when the job runs.
//
// A Record is audit information and gives no rights: anybody who can write to
// the queue can write any Record. The worker calls as itself, with its own
// token, and puts the Record into its context with [NewRecordContext], for logs.
// A Record holds no token, marshals to JSON, and is a plain value.
type Record struct {
	// Issuer, Client, User and Chain are copied from the [Caller].
	Issuer string   `json:"issuer"`
	Client string   `json:"client,omitempty"`
	User   string   `json:"user,omitempty"`
	Chain  []string `json:"chain,omitempty"`

	// Time is when the work was asked for.
	Time time.Time `json:"time"`

	// RequestID is the id of the call that asked for the work, in the logs of
	// the server that received it. It is empty if the call had no id.
	RequestID string `json:"request_id,omitempty"`
}

// Record returns the record to store with a job that c asks for now. RequestID
// is the id of the call, and may be empty.
func (c Caller) Record(requestID string) Record {
	return Record{
		Issuer: c.Issuer, Client: c.Client, User: c.User, Chain: slices.Clone(c.Chain),
		Time: time.Now().Round(0), RequestID: requestID,
	}
}

// LogValue implements [slog.LogValuer]: a group of the fields that are set.
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

// NewRecordContext returns a context for work that r says who asked for. The
// context has no [Caller] because of r: [FromContext] does not read records.
func NewRecordContext(ctx context.Context, r Record) context.Context {
	return context.WithValue(ctx, recordKey{}, r)
}

// RecordFromContext returns the Record that [NewRecordContext] put into ctx, or
// false if there is no Record in it.
func RecordFromContext(ctx context.Context) (Record, bool) {
	r, ok := ctx.Value(recordKey{}).(Record)
	r.Chain = slices.Clone(r.Chain)
	return r, ok
}
