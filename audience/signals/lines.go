package signals

import (
	"context"
	"errors"
	"log/slog"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// write logs what became of an event. What follows from nothing, and events that bring
// nothing new, share a line a second.
func (r *Receiver) write(ctx context.Context, e *claims.SecurityEvent, kind string, became outcome, err error) {
	line := []slog.Attr{slog.String("issuer", r.issuer.URL), slog.String("event", kind), slog.String("outcome", string(became))}
	if err != nil {
		if skipped, ok := r.lines.Allow(string(became) + " " + causeOf(err)); ok {
			r.options.log.LogAttrs(ctx, slog.LevelWarn, "security event not taken", append(line, slog.Any("error", err), slog.Uint64("repeated", skipped))...)
		}
		return
	}
	if skipped, ok := r.lines.Allow(string(became) + " " + kind); ok {
		if status, ok := e.Events[ssf+"stream-updated"]["status"].(string); ok && len(status) < 32 {
			line = append(line, slog.String("status", status))
		}
		r.options.log.LogAttrs(ctx, slog.LevelInfo, "security event received", append(line, slog.Uint64("repeated", skipped))...)
	}
}

// writeUnread logs a request that was not read as an event.
func (r *Receiver) writeUnread(ctx context.Context, answer *refusal) {
	if skipped, ok := r.lines.Allow(answer.Description); ok {
		r.options.log.LogAttrs(ctx, slog.LevelWarn, "request for security events not read",
			slog.String("issuer", r.issuer.URL), slog.Int("status", answer.status), slog.String("want", answer.Description), slog.Uint64("repeated", skipped))
	}
}

// causeOf returns what refusals share a line by.
func causeOf(err error) string {
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		return string(refusal.Cause)
	}
	return ""
}
