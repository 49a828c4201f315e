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

// fieldList are the fields of a line. Those without a value are left out.
type fieldList []slog.Attr

func (l *fieldList) text(key, value string) {
	if value != "" {
		*l = append(*l, slog.String(key, value))
	}
}

func (l *fieldList) list(key string, values []string) {
	if len(values) > 0 {
		*l = append(*l, slog.Any(key, values))
	}
}

// attrs returns the fields of a line other than the time, in their order.
func (r *Record) attrs() []slog.Attr {
	l := make(fieldList, 0, 30)
	l.text("type", typeRecord)
	l = append(l, slog.Int("version", Version))
	l.text("request_id", r.RequestID)
	l.text("method", r.Method)
	if r.Stream {
		l = append(l, slog.Bool("stream", true))
	}
	l.text("service", r.Service)
	l.text("issuer", r.Issuer)
	l.text("preset", r.Preset)
	if r.Introspected {
		l = append(l, slog.Bool("introspected", true))
	}
	l.list("audience", r.Audience)
	l.text("client", r.Client)
	l.text("client_name", r.ClientName)
	l.text("caller", string(r.Caller))
	l.text("user", r.User)
	l.list("scopes", r.Scopes)
	l.list("roles", r.Roles)
	l.list("chain", r.Chain)
	l.text("peer", r.Peer)
	l.text("decision", string(r.Decision))
	l.text("mode", r.Mode)
	l.text("reason", r.Reason)
	l.text("cause", r.Cause)
	l.text("entry", r.Entry)
	l.text("file", r.File)
	if r.Line > 0 {
		l = append(l, slog.Int("line", r.Line))
	}
	l.text("policy", r.Policy)
	l.text("token", r.Token)
	return append(l, slog.Int64("duration_ns", int64(r.Duration)))
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
