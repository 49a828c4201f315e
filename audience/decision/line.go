package decision

import (
	"fmt"
	"log/slog"
	"strconv"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// attrs returns the fields of a line other than the time, in their order. Fields without
// a value are left out.
func (r *Record) attrs() []slog.Attr {
	attrs := make([]slog.Attr, 0, 28)
	text := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	list := func(key string, values []string) {
		if len(values) > 0 {
			attrs = append(attrs, slog.Any(key, values))
		}
	}
	text("type", typeRecord)
	attrs = append(attrs, slog.Int("version", Version))
	text("request_id", r.RequestID)
	text("method", r.Method)
	if r.Stream {
		attrs = append(attrs, slog.Bool("stream", true))
	}
	text("service", r.Service)
	text("issuer", r.Issuer)
	list("audience", r.Audience)
	text("client", r.Client)
	text("client_name", r.ClientName)
	text("caller", string(r.Caller))
	text("user", r.User)
	list("scopes", r.Scopes)
	list("roles", r.Roles)
	list("chain", r.Chain)
	text("peer", r.Peer)
	text("decision", string(r.Decision))
	text("mode", r.Mode)
	text("reason", r.Reason)
	text("cause", r.Cause)
	text("entry", r.Entry)
	text("file", r.File)
	if r.Line > 0 {
		attrs = append(attrs, slog.Int("line", r.Line))
	}
	text("policy", r.Policy)
	text("token", r.Token)
	return append(attrs, slog.Int64("duration_ns", int64(r.Duration)))
}

// attrs returns the fields of a line other than the time.
func (g *Gap) attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("type", typeGap), slog.Int("version", Version), slog.Uint64("records", g.Records),
		slog.Time("first", g.First.UTC()), slog.Time("last", g.Last.UTC()), slog.String("reason", g.Reason),
	}
	if g.Error != "" {
		attrs = append(attrs, slog.String("error", g.Error))
	}
	return attrs
}

// appendLine appends a line with these fields.
func appendLine(b []byte, at time.Time, attrs []slog.Attr) []byte {
	b = append(b, `{"time":"`...)
	b = at.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, '"')
	for _, a := range attrs {
		b = append(b, `,"`...)
		b = append(b, a.Key...)
		b = append(b, `":`...)
		b = appendValue(b, a.Value)
	}
	return append(b, "}\n"...)
}

func appendValue(b []byte, v slog.Value) []byte {
	switch v.Kind() {
	case slog.KindString:
		return appendText(b, v.String())
	case slog.KindTime:
		b = append(b, '"')
		b = v.Time().AppendFormat(b, time.RFC3339Nano)
		return append(b, '"')
	case slog.KindInt64:
		return strconv.AppendInt(b, v.Int64(), 10)
	case slog.KindUint64:
		return strconv.AppendUint(b, v.Uint64(), 10)
	case slog.KindBool:
		return strconv.AppendBool(b, v.Bool())
	default:
		values, _ := v.Any().([]string)
		b = append(b, '[')
		for i, value := range values {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, value)
		}
		return append(b, ']')
	}
}

// appendText appends a JSON string. Characters that cannot be printed are escaped, and
// those that mean something in HTML: no terminal and no page takes them for a command.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			b = append(b, '\\', byte(r))
		case r < utf8.RuneSelf && r >= ' ' && r != 0x7f && r != '<' && r != '>' && r != '&':
			b = append(b, byte(r))
		case r < utf8.RuneSelf, r == utf8.RuneError, !unicode.IsPrint(r):
			for _, unit := range utf16.AppendRune(nil, r) {
				b = fmt.Appendf(b, `\u%04x`, unit)
			}
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
