// Package operatorlog keeps the latest decisions that a service has logged, so that a page
// can show one as the operator of the service reads it.
package operatorlog

import (
	"context"
	"log/slog"
	"sync"
)

// kept is how many decisions are kept.
const kept = 100

// Log is a [slog.Handler] that keeps the records of refused calls and passes every record on.
// It is safe for concurrent use.
type Log struct {
	next   slog.Handler
	attrs  []slog.Attr
	shared *records
}

type records struct {
	mu     sync.Mutex // guards latest
	latest []map[string]string
}

// New returns a log that passes records on to next.
func New(next slog.Handler) *Log { return &Log{next: next, shared: &records{}} }

// Enabled implements [slog.Handler].
func (*Log) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle implements [slog.Handler].
func (l *Log) Handle(ctx context.Context, r slog.Record) error {
	fields := map[string]string{"msg": r.Message}
	add := func(a slog.Attr) bool {
		fields[a.Key] = a.Value.Resolve().String()
		return true
	}
	for _, a := range l.attrs {
		add(a)
	}
	r.Attrs(add)
	if fields["decision"] == "refused" {
		l.shared.add(fields)
	}
	if !l.next.Enabled(ctx, r.Level) {
		return nil
	}
	return l.next.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (l *Log) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Log{l.next.WithAttrs(attrs), append(l.attrs[:len(l.attrs):len(l.attrs)], attrs...), l.shared}
}

// WithGroup implements [slog.Handler]. The guard's decisions have no groups around them.
func (l *Log) WithGroup(name string) slog.Handler {
	return &Log{l.next.WithGroup(name), l.attrs, l.shared}
}

func (r *records) add(fields map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latest = append(r.latest, fields)
	if len(r.latest) > kept {
		r.latest = r.latest[1:]
	}
}

// fields returns the fields of the refused call of that id.
func (r *records) fields(requestID string) map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, fields := range r.latest {
		if fields["request_id"] == requestID && requestID != "" {
			return fields
		}
	}
	return nil
}
