package logout

import (
	"context"
	"errors"
	"log/slog"

	"github.com/grpcaud/grpcaud/audience"
)

// write logs what became of a logout token. Its errors hold no part of a token that is
// longer than a claim.
func (r *Receiver) write(ctx context.Context, err error) {
	log, issuer := r.options.log, slog.String("issuer", r.issuer.URL)
	if err == nil {
		log.LogAttrs(ctx, slog.LevelInfo, "logout received", issuer)
		return
	}
	if repeated, ok := r.lines.Allow(causeOf(err)); ok {
		log.LogAttrs(ctx, slog.LevelWarn, "logout token not taken", issuer, slog.Any("error", err), slog.Uint64("repeated", repeated))
	}
}

// causeOf returns what refusals share a line by.
func causeOf(err error) string {
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		return string(refusal.Cause)
	}
	return ""
}
