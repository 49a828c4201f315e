package admission

import (
	"fmt"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// These are the largest sizes of the parts of a log line in bytes, as [slog.TextHandler]
// and [slog.JSONHandler] write them.
const (
	maxLine      = 2 << 10 // the whole line, with the attributes that slog adds
	reservedHead = 128     // time, level and message
	reservedTail = 256     // request_id, took and repeated
	maxName      = 200     // of a method, an issuer, a client, a user
	maxPeer      = 64
	maxUserAgent = 128
	maxIDs       = 360 // all ids of refusals without a line
	cutNote      = 32  // the number of missing bytes
)

// logLine collects the attributes of one line, and cuts values with which the line
// would be too long.
type logLine struct {
	attrs []slog.Attr
	left  int // bytes
}

func newLogLine() *logLine {
	return &logLine{attrs: make([]slog.Attr, 0, 20), left: maxLine - reservedHead - reservedTail}
}

// word adds a short text of this package.
func (l *logLine) word(key, value string) {
	l.attrs = append(l.attrs, slog.String(key, value))
	l.left -= overhead(key) + len(value)
}

// text adds a text that an unknown peer may have written, cut to a number of bytes.
func (l *logLine) text(key, value string, most int) {
	l.left -= overhead(key)
	short := cut(value, min(most, l.left))
	l.left -= written(short)
	l.attrs = append(l.attrs, slog.String(key, short))
}

// optional is like text, but adds nothing if value is empty.
func (l *logLine) optional(key, value string, most int) {
	if value != "" {
		l.text(key, value, most)
	}
}

// list adds values, cut so that together they take at most a number of bytes.
func (l *logLine) list(key string, values []string, most int) {
	l.left -= overhead(key) + most
	var short []string
	for i, v := range values {
		if most < 2*cutNote {
			short = append(short, fmt.Sprintf("… (%d more)", len(values)-i))
			break
		}
		v = cut(v, most-cutNote)
		short = append(short, v)
		most -= written(v) + len(`"",`)
	}
	l.attrs = append(l.attrs, slog.Any(key, short))
	l.left += max(0, most)
}

// overhead returns how many bytes a handler writes in addition to a value.
func overhead(key string) int { return len(key) + len(`"":"",`) }

// cut returns s for a log, in at most a number of bytes. Characters that cannot be
// printed are replaced. If s is too long, it is cut between two characters, and the
// number of missing bytes follows.
func cut(s string, most int) string {
	spent, keep := 0, 0
	for i, r := range s {
		if spent += cost(r); spent > most {
			return printable(s[:keep]) + fmt.Sprintf("… (%d bytes cut)", len(s)-keep)
		}
		if spent <= most-cutNote {
			_, width := utf8.DecodeRuneInString(s[i:])
			keep = i + width
		}
	}
	return printable(s)
}

// printable replaces characters that cannot be printed, and bytes that are not UTF-8.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unprintable(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' }

// written returns how many bytes a handler writes for a printable text.
func written(s string) int {
	n := 0
	for _, r := range s {
		n += cost(r)
	}
	return n
}

// cost returns how many bytes a handler writes for a character.
func cost(r rune) int {
	switch {
	case r == '"', r == '\\', r == '\n', r == '\t':
		return 2
	case unprintable(r):
		return utf8.RuneLen(utf8.RuneError)
	default:
		return utf8.RuneLen(r)
	}
}
