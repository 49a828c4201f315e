package tokensource

import (
	"context"
	"errors"
	"log/slog"
	"sync"
)

// outcome is how a fetch ended.
type outcome string

const (
	outcomeFetched     outcome = "fetched"
	outcomeUnchanged   outcome = "unchanged" // the fetch returned the token that was cached
	outcomeRefused     outcome = "refused"
	outcomeUnavailable outcome = "unavailable"
	outcomeMismatched  outcome = "mismatched"
)

var messages = map[outcome]string{
	outcomeFetched:     "token fetched",
	outcomeUnchanged:   "token unchanged",
	outcomeRefused:     "token refused",
	outcomeUnavailable: "token unavailable",
	outcomeMismatched:  "token is for another audience",
}

func outcomeOf(before, after *state[Token]) outcome {
	switch err := after.err; {
	case err == nil && sameText(before.value, after.value):
		return outcomeUnchanged
	case err == nil:
		return outcomeFetched
	case errors.Is(err, ErrMismatch):
		return outcomeMismatched
	case errors.Is(err, ErrUnavailable):
		return outcomeUnavailable
	default:
		return outcomeRefused
	}
}

// observer reports the fetches of a cache to its log and its metrics. A token that is
// returned from memory is not reported.
type observer struct {
	log     *slog.Logger
	metrics *metrics

	mu     sync.Mutex      // guards warned
	warned map[string]bool // by audience
}

// refreshed reports one fetch. A failure is a warning when it is new, and at debug
// level while it goes on.
func (o *observer) refreshed(token TokenStats, before, after *state[Token]) {
	if errors.Is(after.err, ErrClosed) {
		return
	}
	how, ctx := outcomeOf(before, after), context.Background()
	o.metrics.refreshed(ctx, token.Audience, how, after.fetched.Before(before.usableUntil))
	level := slog.LevelDebug
	switch {
	case after.err != nil && (before.err == nil || before.err.Error() != after.err.Error()):
		level = slog.LevelWarn
	case after.err == nil && before.err != nil:
		level = slog.LevelInfo
	}
	if !o.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String("audience", token.Audience), slog.String("scope", token.Scope), slog.Bool("exchanged", token.Exchanged)}
	if expiry := after.value.Expiry(); !expiry.IsZero() {
		attrs = append(attrs, slog.Time("expiry", expiry))
	}
	if after.err != nil {
		attrs = append(attrs, slog.String("error", after.err.Error()), slog.Int("failures", after.failures), slog.Time("retry", after.nextFetch))
	}
	o.log.LogAttrs(ctx, level, messages[how], attrs...)
}

const maxWarned = 1000 // audiences

// extraAudiences warns, once for each audience, that a token for it has further
// audiences.
func (o *observer) extraAudiences(audience string, others []string) {
	o.mu.Lock()
	first := !o.warned[audience] && len(o.warned) < maxWarned
	if first {
		o.warned[audience] = true
	}
	o.mu.Unlock()
	if first {
		o.log.Warn("token has further audiences; each of them can use it at the others", "audience", audience, "others", others)
	}
}
