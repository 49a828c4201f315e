package interceptor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// decisionLog writes one line for each decision, the only place where the whole
// story of a refusal is told; [Logger] lists what stands in it.
type decisionLog struct {
	to    *slog.Logger
	oneIn int // how many admitted calls share one line at the level of Info; 0 for no such lines
}

var messages = map[outcome]string{
	callAdmitted:    "call admitted",
	callRefused:     "call refused",
	callWouldRefuse: "call would be refused",
	streamEnded:     "stream ended",
}

func (l decisionLog) record(ctx context.Context, d *decision) {
	level := l.level(d)
	if !l.to.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 16)
	attrs = append(attrs, slog.String("method", d.method), slog.Bool("stream", d.stream), slog.String("decision", string(d.outcome())), slog.String("mode", d.mode.String()))
	attrs = appendCaller(attrs, d.claims)
	if d.err != nil {
		attrs = appendRefusal(attrs, d)
	}
	id := d.requestID
	if id == "" {
		id = RequestID(ctx)
	}
	attrs = append(attrs, slog.String("request_id", id), slog.Duration("took", time.Since(d.began)))
	l.to.LogAttrs(ctx, level, messages[d.outcome()], attrs...)
}

// level chooses among admitted calls by chance, so that they share no counter.
func (l decisionLog) level(d *decision) slog.Level {
	switch {
	case d.outcome() == streamEnded:
		return slog.LevelInfo
	case d.err != nil:
		return slog.LevelWarn
	case l.oneIn > 0 && rand.IntN(l.oneIn) == 0:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

func appendCaller(attrs []slog.Attr, c *audience.Claims) []slog.Attr {
	if c == nil {
		return attrs
	}
	caller := c.Caller()
	attrs = append(attrs, slog.String("issuer", caller.Issuer), slog.String("client", caller.Service), slog.String("user", caller.User))
	if len(caller.Chain) > 0 {
		attrs = append(attrs, slog.Any("chain", caller.Chain))
	}
	if c.ID() != "" {
		attrs = append(attrs, slog.String("token", tokenDigest(c.ID())))
	}
	return attrs
}

// tokenDigest names a token to those who know its jti, and to nobody else.
func tokenDigest(id string) string {
	digest := sha256.Sum256([]byte(id))
	return hex.EncodeToString(digest[:8])
}

func appendRefusal(attrs []slog.Attr, d *decision) []slog.Attr {
	attrs = append(attrs, slog.String("reason", d.reason()))
	refusal := d.refusal()
	if refusal != nil {
		attrs = append(attrs, slog.String("cause", string(refusal.Cause)))
	}
	attrs = append(attrs, slog.String("code", answerTo(d.err).code.String()), slog.String("error", d.err.Error()))
	if d.rule == nil || d.claims == nil {
		return attrs
	}
	if story := d.rule.Explain(d.claims, time.Now()); story.Verdict != "" {
		attrs = append(attrs, slog.String("explain", story.String()))
	}
	return attrs
}
