package interceptor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/grpcaud/grpcaud/audience/claims"
)

// decisionLog writes one line for each decision, the only place where the whole
// story of a refusal is told; [WatchLogger] lists what stands in it. Refusals of one
// kind share lines.
type decisionLog struct {
	to      *slog.Logger
	oneIn   int // how many admitted calls share one line at the level of Info; 0 for no such lines
	repeats repeats
}

var messages = map[outcome]string{
	callAdmitted:    "call admitted",
	callRefused:     "call refused",
	callWouldRefuse: "call would be refused",
	streamEnded:     "stream ended",
	callFurther:     "a call to another service was refused",
}

// repeatedMessages are those of lines that only say how often it happened again.
var repeatedMessages = map[outcome]string{
	callRefused:     "more calls refused",
	callWouldRefuse: "more calls would be refused",
	streamEnded:     "more streams ended",
	callFurther:     "more calls to another service were refused",
	"":              "more refusals of too many kinds to name",
}

func (l *decisionLog) record(ctx context.Context, d *decision) {
	level := l.level(d)
	if !l.to.Enabled(ctx, level) {
		return
	}
	var repeated uint64
	if d.err != nil {
		var ok bool
		if repeated, ok = l.repeats.line(kindOf(ctx, d)); !ok {
			return
		}
	}
	line := newLogLine()
	line.decided(d)
	line.caller(d.claims)
	if d.err != nil {
		line.refused(ctx, d)
		line.repeated(repeated)
	}
	id := d.requestID
	if id == "" {
		id = RequestID(ctx)
	}
	line.attrs = append(line.attrs, slog.String("request_id", id), slog.Duration("took", time.Since(d.began)))
	l.to.LogAttrs(ctx, level, messages[d.outcome()], line.attrs...)
}

// level chooses among admitted calls by chance, so that they share no counter.
func (l *decisionLog) level(d *decision) slog.Level {
	switch {
	case d.err != nil:
		return levelOf(d.outcome())
	case l.oneIn > 0 && rand.IntN(l.oneIn) == 0:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

// levelOf returns the level of refusals.
func levelOf(o outcome) slog.Level {
	if o == streamEnded {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// further tells of a refusal that a handler met at another service, and handed on.
func (l *decisionLog) further(ctx context.Context, method string, err error) {
	if !l.to.Enabled(ctx, slog.LevelWarn) {
		return
	}
	k := kind{outcome: callFurther, method: method, peer: peerHost(ctx)}
	refusal := furtherRefusal(err)
	if k.reason, k.cause = refusal.reason, refusal.code; k.reason == "" {
		k.reason = refusal.code
	}
	if c, ok := callFrom(ctx); ok && c.claims != nil {
		k.issuer, k.client = c.claims.Issuer(), c.claims.Client()
	}
	repeated, ok := l.repeats.line(k)
	if !ok {
		return
	}
	line := newLogLine()
	line.text("method", method, maxName)
	line.repeated(repeated)
	line.attrs = append(line.attrs, slog.String("request_id", RequestID(ctx)), refusal.group())
	l.to.LogAttrs(ctx, slog.LevelWarn, messages[callFurther], line.attrs...)
}

// more tells how often something happened again since its last line. The zero
// kind stands for all that are not told apart.
func (l *decisionLog) more(k kind, times uint64) {
	line := newLogLine()
	if k != (kind{}) {
		line.text("method", k.method, maxName)
		line.word("decision", string(k.outcome))
		line.known("issuer", k.issuer, maxName)
		line.known("client", k.client, maxName)
		line.known("peer", k.peer, maxPeer)
		line.word("reason", k.reason)
		line.word("cause", k.cause)
	}
	line.repeated(times)
	l.to.LogAttrs(context.Background(), levelOf(k.outcome), repeatedMessages[k.outcome], line.attrs...)
}

// refused adds the story of a refusal.
func (l *logLine) refused(ctx context.Context, d *decision) {
	l.known("peer", peerAddress(ctx), maxPeer)
	l.known("user_agent", userAgent(ctx), maxUA)
	l.word("reason", d.reason())
	if refusal := d.refusal(); refusal != nil {
		l.word("cause", string(refusal.Cause))
	}
	l.word("code", answerTo(d.err).code.String())
	var story string
	if d.rule != nil && d.claims != nil {
		if e := d.rule.Explain(d.claims, d.presented); e.Verdict != "" {
			story = e.String()
		}
	}
	l.text("error", d.err.Error(), l.left-min(written(story), l.left/2))
	if story != "" {
		l.text("explain", story, l.left)
	}
}

// decided adds what became of a call.
func (l *logLine) decided(d *decision) {
	l.text("method", d.method, maxName)
	l.attrs = append(l.attrs, slog.Bool("stream", d.stream))
	l.left -= overhead("stream") + len("false")
	l.word("decision", string(d.outcome()))
	l.word("mode", d.mode.String())
}

// caller adds who calls, if a genuine token says it.
func (l *logLine) caller(c *claims.Claims) {
	if c == nil {
		return
	}
	caller := c.Caller()
	l.text("issuer", caller.Issuer, maxName)
	l.text("client", caller.Client, maxName)
	l.text("user", caller.User, maxName)
	if len(caller.Chain) > 0 {
		l.list("chain", caller.Chain, maxName)
	}
	if c.ID() != "" {
		l.word("token", tokenDigest(c.ID()))
	}
}

// repeated adds how often the same happened without a line, if it did.
func (l *logLine) repeated(times uint64) {
	if times > 0 {
		l.attrs = append(l.attrs, slog.Uint64("repeated", times))
	}
}

// tokenDigest names a token to those who know its jti, and to nobody else.
func tokenDigest(id string) string {
	digest := sha256.Sum256([]byte(id))
	return hex.EncodeToString(digest[:8])
}
