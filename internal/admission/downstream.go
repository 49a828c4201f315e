package admission

import (
	"context"
	"log/slog"
)

// Downstream is a refusal by another service, which a handler met and returned.
type Downstream struct {
	Code      string // of the transport
	Reason    string // may be empty
	RequestID string // under which the other service's log has it; may be empty
}

// RecordDownstream logs a refusal by another service, which the peer of the
// request is not told. ctx is the context of the handler. A reason or an id is left
// out if its form is not valid for a log.
func (c *Controller) RecordDownstream(ctx context.Context, r Request, d Downstream) {
	log := &c.recorder.log
	if !log.to.Enabled(ctx, slog.LevelWarn) {
		return
	}
	d.Reason, d.RequestID = CleanID(d.Reason), CleanID(d.RequestID)
	k := kind{outcome: refusedDownstream, method: r.Method, peer: r.Peer.host(), reason: d.Reason, cause: d.Code}
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

func (d Downstream) group() slog.Attr {
	return slog.Group("refusal", slog.String("code", d.Code), slog.String("reason", d.Reason), slog.String("request_id", d.RequestID))
}
