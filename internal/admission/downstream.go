package admission

import (
	"context"
	"log/slog"
)

// Downstream is a refusal by another service, or a call to it that was not sent for want
// of a token.
type Downstream struct {
	Service   string // in the matrix, of the target; empty if it is not known
	Method    string // full name, of the target; empty if it is not known
	Code      string // of the transport
	Reason    string // may be empty
	RequestID string // under which the other service's log has it; may be empty

	// Unsent is why the call was not sent; empty if it was.
	Unsent string

	// Ended says that the refusal ended a stream that ran.
	Ended bool
}

// clean leaves out a reason or an id whose form is not valid for a log.
func (d *Downstream) clean() { d.Reason, d.RequestID = CleanID(d.Reason), CleanID(d.RequestID) }

// RecordDownstream logs a refusal by another service that a handler met and returned,
// and that the peer of the request is not told. ctx is the context of the handler.
func (c *Controller) RecordDownstream(ctx context.Context, r Request, d Downstream) {
	log := &c.recorder.log
	if !log.to.Enabled(ctx, slog.LevelWarn) {
		return
	}
	d.clean()
	k := kind{outcome: refusedDownstream, method: r.Method, peer: r.Peer.host(), target: d.Service, reason: d.Reason, cause: d.Code}
	if k.reason == "" {
		k.reason = d.Code
	}
	if e, ok := FromContext(ctx); ok && e.claims != nil {
		k.issuer, k.client = e.claims.Issuer(), e.claims.Client()
	}
	before, ok := log.lines.allow(k, r.RequestID)
	if !ok {
		return
	}
	line := newLogLine()
	line.text("method", r.Method, maxName)
	line.repeated(before)
	line.attrs = append(line.attrs, slog.String("request_id", CleanID(r.RequestID)), d.group())
	log.to.LogAttrs(ctx, slog.LevelWarn, messages[refusedDownstream], line.attrs...)
}

// group returns what is known of a refusal, where it stands in the line of another
// request.
func (d Downstream) group() slog.Attr {
	var l logLine
	l.left = maxLine
	l.target(d)
	l.attrs = append(l.attrs, slog.String("code", d.Code), slog.String("reason", d.Reason), slog.String("request_id", d.RequestID))
	return slog.Attr{Key: "refusal", Value: slog.GroupValue(l.attrs...)}
}

// target adds which call was refused, as far as that is known.
func (l *logLine) target(d Downstream) {
	l.optional("service", d.Service, maxName)
	l.optional("method", d.Method, maxName)
}
