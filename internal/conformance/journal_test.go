package conformance_test

import (
	"context"
	"log/slog"
	"sync"
)

// A journal keeps the cause of the last refusal. It is a [slog.Handler].
type journal struct {
	mu   sync.Mutex // guards last
	last string
}

func (j *journal) logger() *slog.Logger { return slog.New(j) }

// cause returns the cause of the last refusal, and forgets it.
func (j *journal) cause() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	last := j.last
	j.last = ""
	return last
}

// Handle implements [slog.Handler].
func (j *journal) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "cause" {
			j.mu.Lock()
			j.last = a.Value.String()
			j.mu.Unlock()
		}
		return true
	})
	return nil
}

// Enabled implements [slog.Handler].
func (*journal) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// WithAttrs implements [slog.Handler].
func (j *journal) WithAttrs([]slog.Attr) slog.Handler { return j }

// WithGroup implements [slog.Handler].
func (j *journal) WithGroup(string) slog.Handler { return j }
