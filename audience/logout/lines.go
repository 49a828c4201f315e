package logout

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// lineInterval is the time between two log lines about refusals of one cause, since
// anybody can send requests.
const lineInterval = time.Second

// lines writes the log of a receiver.
type lines struct {
	mu    sync.Mutex // guards kinds
	kinds map[audience.Cause]*kind
}

// kind is what refusals that share a line have in common: their cause, of which there are
// few.
type kind struct {
	next     time.Time // no further line before
	repeated uint64    // without a line
}

// write logs what became of a logout token. Its errors hold no part of a token that is
// longer than a claim.
func (l *lines) write(ctx context.Context, log *slog.Logger, issuer string, err error) {
	if err == nil {
		log.LogAttrs(ctx, slog.LevelInfo, "logout received", slog.String("issuer", issuer))
		return
	}
	if repeated, ok := l.allow(causeOf(err)); ok {
		log.LogAttrs(ctx, slog.LevelWarn, "logout token not taken",
			slog.String("issuer", issuer), slog.Any("error", err), slog.Uint64("repeated", repeated))
	}
}

// causeOf returns what refusals share a line by.
func causeOf(err error) audience.Cause {
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		return refusal.Cause
	}
	return ""
}

// allow reports whether a refusal gets a line, and how many before it got none.
func (l *lines) allow(cause audience.Cause) (repeated uint64, ok bool) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.kinds[cause]
	if k == nil {
		if l.kinds == nil {
			l.kinds = map[audience.Cause]*kind{}
		}
		k = &kind{}
		l.kinds[cause] = k
	}
	if now.Before(k.next) {
		k.repeated++
		return 0, false
	}
	repeated, k.repeated, k.next = k.repeated, 0, now.Add(lineInterval)
	return repeated, true
}
