package admission

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"
)

// hostile are texts that are long, and longer once they are written.
var hostile = map[string]string{
	"letters":    strings.Repeat("x", 5000),
	"quotes":     strings.Repeat(`"`, 5000),
	"slashes":    strings.Repeat(`\`, 5000),
	"controls":   strings.Repeat("\x00\x1b\r\n", 1200),
	"separators": strings.Repeat("\u2028\u202e", 800),
	"wide":       strings.Repeat("\U0001F600é", 800),
	"private":    strings.Repeat("\U000F0000", 1200),
	"broken":     strings.Repeat("\xff\xc3", 2500),
}

// TestCut shows where a text is cut, and what it says then.
func TestCut(t *testing.T) {
	for _, row := range []struct {
		text string
		most int
		want string
	}{
		{"", 0, ""},
		{"orders", 6, "orders"},
		{strings.Repeat("x", 41), 40, "xxxxxxxx… (33 bytes cut)"},
		{strings.Repeat("é", 21), 40, "éééé… (34 bytes cut)"},
		{strings.Repeat("\U0001F600", 11), 43, "\U0001F600\U0001F600… (36 bytes cut)"},
		{"a\x00b\xffc\r", 40, "a\uFFFDb\uFFFDc\uFFFD"},
		{"a\n\tb", 40, "a\n\tb"},
		{strings.Repeat(`"`, 21), 40, `""""… (17 bytes cut)`},
		{"orders", 5, "… (6 bytes cut)"},
		{"orders", -1, "… (6 bytes cut)"},
	} {
		if got := cut(row.text, row.most); got != row.want {
			t.Errorf("cut(%q, %d) = %q, want %q", row.text, row.most, got, row.want)
		}
	}
}

// FuzzCut shows that whatever comes, what is left can be written in as many bytes
// as were allowed, by both handlers, but for the note.
func FuzzCut(f *testing.F) {
	for _, text := range hostile {
		f.Add(text, 100)
	}
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = min(max(most, 40), 4000)
		got := cut(text, most)
		if !utf8.ValidString(got) {
			t.Errorf("cut(%q, %d) = %q, which is no UTF-8", text, most, got)
		}
		timeless := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{} // the length of a time in JSON varies
			}
			return a
		}}
		for _, handler := range []func(io.Writer) slog.Handler{
			func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, timeless) },
			func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, timeless) },
		} {
			var bare, with bytes.Buffer
			slog.New(handler(&bare)).Info("", "key", "")
			slog.New(handler(&with)).Info("", "key", got)
			if more := len(with.String()) - len(bare.String()); more > most {
				t.Errorf("cut(%q, %d) = %q takes %d bytes", text, most, got, more)
			}
		}
	})
}
