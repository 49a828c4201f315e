package admission

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// decisionLog writes one line for each decision. Only this log explains a refusal in
// full. Refusals of one kind share lines.
type decisionLog struct {
	to             *slog.Logger
	sampleAdmitted int // how many admitted requests share one line at info level; 0 for no such lines
	lines          refusalLines
}

var messages = map[Outcome]string{
	Admitted:          "call admitted",
	Refused:           "call refused",
	WouldRefuse:       "call would be refused",
	StreamEnded:       "stream ended",
	refusedDownstream: "a call to another service was refused",
}

// countMessages are the messages of lines that only count repeated refusals. The empty
// outcome is for refusals of kinds that are not distinguished.
var countMessages = map[Outcome]string{
	Refused:           "more calls refused",
	WouldRefuse:       "more calls would be refused",
	StreamEnded:       "more streams ended",
	refusedDownstream: "more calls to another service were refused",
	"":                "more refusals of too many kinds to name",
}

func (l *decisionLog) record(ctx context.Context, v *event) {
	level := l.level(v)
	if !l.to.Enabled(ctx, level) {
		return
	}
	id := v.requestID
	if id == "" {
		id = CleanID(v.request.RequestID)
	}
	var before repeats
	if v.err != nil {
		var ok bool
		if before, ok = l.lines.allow(kindOf(v), id); !ok {
			return
		}
	}
	line := newLogLine()
	line.decision(v)
	line.caller(v.claims)
	line.repeated(before)
	if v.err != nil {
		line.refusal(v)
	}
	line.attrs = append(line.attrs, slog.String("request_id", id), slog.Duration("took", time.Since(v.began)))
	l.to.LogAttrs(ctx, level, messages[v.outcome()], line.attrs...)
}

// level returns the level of an event. Which admitted requests are logged is random,
// so that requests share no counter.
func (l *decisionLog) level(v *event) slog.Level {
	switch {
	case v.err != nil:
		return levelOf(v.outcome())
	case l.sampleAdmitted > 0 && rand.IntN(l.sampleAdmitted) == 0:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

// levelOf returns the level of refusals.
func levelOf(o Outcome) slog.Level {
	if o == StreamEnded {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// writeCount writes how often refusals of a kind were repeated since the last line.
// The zero kind is for all kinds that are not distinguished.
func (l *decisionLog) writeCount(k kind, since repeats) {
	line := newLogLine()
	if k != (kind{}) {
		line.text("method", k.method, maxName)
		line.word("decision", string(k.outcome))
		line.optional("issuer", k.issuer, maxName)
		line.optional("client", k.client, maxName)
		line.optional("peer", k.peer, maxPeer)
		line.optional("certificate", k.certificate, maxName)
		line.optional("service", k.target, maxName)
		line.word("reason", k.reason)
		line.word("cause", k.cause)
	}
	line.repeated(since)
	l.to.LogAttrs(context.Background(), levelOf(k.outcome), countMessages[k.outcome], line.attrs...)
}

// refusal adds why a request is refused.
func (l *logLine) refusal(v *event) {
	l.optional("peer", v.request.Peer.address(), maxPeer)
	l.optional("user_agent", v.request.Peer.UserAgent, maxUserAgent)
	l.optional("certificate", v.certificate, maxName)
	l.word("reason", v.reason())
	if refusal := v.refusal(); refusal != nil {
		l.word("cause", string(refusal.Cause))
	}
	l.word("code", codeName(AnswerTo(v.err).Status))
	var explanation string
	if v.rule != nil && v.claims != nil {
		p := v.evidence.presentation(v.claims, time.Now())
		p.Answer.Active = true // what the issuer said is in the error
		if e := v.rule.Explain(v.claims, p); e.Verdict != "" {
			explanation = explanationText(e)
		}
	}
	l.text("error", v.err.Error(), l.left-min(written(explanation), l.left/2))
	if explanation != "" {
		l.text("explain", explanation, l.left)
	}
}

// decision adds the outcome of a request.
func (l *logLine) decision(v *event) {
	l.text("method", v.method(), maxName)
	if shape := v.request.Shape; shape != UnknownShape {
		l.attrs = append(l.attrs, slog.Bool("stream", shape == StreamingShape))
		l.left -= overhead("stream") + len("false")
	}
	l.word("decision", string(v.outcome()))
	l.word("mode", v.mode.String())
}

// caller adds the caller, if there is a genuine token.
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

// explanationText says which checks of a rule pass, and which fail after the first
// failed one, which is in the error. The command grpcaud explain prints every check
// with the values got and wanted.
func explanationText(x access.Explanation) string {
	var passed, failed []string
	for _, c := range x.Checks {
		switch {
		case c.OK:
			passed = append(passed, c.Name)
		case c.Cause == x.Verdict && failed == nil:
			failed = []string{}
		default:
			failed = append(failed, fmt.Sprintf("%s (got %s, want %s)", c.Name, c.Got, c.Want))
		}
	}
	text := string(x.Verdict)
	if x.Entry != "" {
		text += " by " + x.Entry
	}
	if len(failed) > 0 {
		text += "; also failed: " + strings.Join(failed, ", ")
	}
	if len(passed) > 0 {
		text += "; passed: " + strings.Join(passed, ", ")
	}
	return text
}

// tokenDigest returns an id of a token. Only somebody who knows the token's jti can
// compute it.
func tokenDigest(id string) string {
	digest := sha256.Sum256([]byte(id))
	return hex.EncodeToString(digest[:8])
}
