package tokensource

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// outcome is how a fetch ended.
type outcome string

const (
	fetched     outcome = "fetched"
	unchanged   outcome = "unchanged" // the token that was at hand came again
	refused     outcome = "refused"
	unavailable outcome = "unavailable"
	mismatched  outcome = "mismatched"
)

var messages = map[outcome]string{
	fetched:     "token fetched",
	unchanged:   "token unchanged",
	refused:     "token refused",
	unavailable: "token unavailable",
	mismatched:  "token is for another audience",
}

func outcomeOf(before, after *state[Token]) outcome {
	switch err := after.err; {
	case err == nil && sameText(before.value, after.value):
		return unchanged
	case err == nil:
		return fetched
	case errors.Is(err, ErrMismatch):
		return mismatched
	case errors.Is(err, ErrUnavailable):
		return unavailable
	default:
		return refused
	}
}

// teller tells the operator what a source does, in its log and its metrics.
// Handing out a token that is at hand is not told.
type teller struct {
	log     *slog.Logger
	metrics *metrics

	mu     sync.Mutex      // guards warned
	warned map[string]bool // by audience
}

func (t *teller) waited(d time.Duration) { t.metrics.waited(d) }

// fetched tells of one fetch. A failure is a warning when it is new, and debugging
// when it goes on.
func (t *teller) fetched(about TokenStats, before, after *state[Token]) {
	if errors.Is(after.err, ErrClosed) {
		return
	}
	how, ctx := outcomeOf(before, after), context.Background()
	t.metrics.fetched(ctx, how, after.at.Before(before.good))
	level := slog.LevelDebug
	switch {
	case after.err != nil && (before.err == nil || before.err.Error() != after.err.Error()):
		level = slog.LevelWarn
	case after.err == nil && before.err != nil:
		level = slog.LevelInfo
	}
	if !t.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String("audience", about.Audience), slog.String("scope", about.Scope), slog.Bool("exchanged", about.Exchanged)}
	if expiry := after.value.Expiry(); !expiry.IsZero() {
		attrs = append(attrs, slog.Time("expiry", expiry))
	}
	if after.err != nil {
		attrs = append(attrs, slog.String("error", after.err.Error()), slog.Int("failures", after.failures), slog.Time("retry", after.next))
	}
	t.log.LogAttrs(ctx, level, messages[how], attrs...)
}

// extra warns, once for each audience, that a token for it is for others as well.
func (t *teller) extra(audience string, others []string) {
	t.mu.Lock()
	first := !t.warned[audience] && len(t.warned) < maxWarned
	if first {
		t.warned[audience] = true
	}
	t.mu.Unlock()
	if first {
		t.log.Warn("token is for other audiences as well; each of them can use it at the others", "audience", audience, "others", others)
	}
}

const maxWarned = 1000
