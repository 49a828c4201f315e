package admission

import (
	"context"
	"log/slog"
)

// Downstream is a refusal by another service, or a call to it that was not sent for want
// of a token.
type Downstream struct {
	Service   string // the target's name in the matrix; empty if it is not known
	Method    string // the full name of the method that was called; empty if it is not known
	Code      string // of the transport
	Reason    string // may be empty
	RequestID string // of the call in the other service's log; may be empty

	// Unsent is why the call was not sent; empty if it was.
	Unsent string

	// Ended says that the refusal ended a stream that ran.
	Ended bool
}

// clean removes a reason or an id whose form is not valid for a log.
func (d *Downstream) clean() { d.Reason, d.RequestID = CleanID(d.Reason), CleanID(d.RequestID) }

// RecordDownstream logs a refusal by another service that a handler returned. The peer
// of the handler's request is not told of it. ctx is the context of the handler.
func (c *Controller) RecordDownstream(ctx context.Context, r *Request, d Downstream) {
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

// group returns what is known of a refusal as a group of attributes, for the log line
// of the request whose handler returned it.
func (d Downstream) group() slog.Attr {
	var l logLine
	l.left = maxLine
	l.target(d)
	l.attrs = append(l.attrs, slog.String("code", d.Code), slog.String("reason", d.Reason), slog.String("request_id", d.RequestID))
	return slog.Attr{Key: "refusal", Value: slog.GroupValue(l.attrs...)}
}

// target adds the call that was refused, as far as it is known.
func (l *logLine) target(d Downstream) {
	l.optional("service", d.Service, maxName)
	l.optional("method", d.Method, maxName)
}
