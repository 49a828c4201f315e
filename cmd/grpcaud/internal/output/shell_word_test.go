package output_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// TestShellWordIsOneWord shows that a shell takes each word as the text that it was, and that
// nothing in it controls a terminal.
func TestShellWordIsOneWord(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "''",
		"a/b.yaml":           "a/b.yaml",
		"a b":                "'a b'",
		"a'b":                `'a'\''b'`,
		"$(id) `id` \"$A\"":  "'$(id) `id` \"$A\"'",
		"~":                  "'~'",
		"\x01$(id)'`id`\\":   `$'\001$(id)\'` + "`id`" + `\\'`,
		"a\nb":               `$'a\012b'`,
		"\x1b[31m":           `$'\033[31m'`,
		"\xff\u00a0é\u202e1": `$'\377\302\240é\342\200\2561'`,
	} {
		got := output.ShellWord(text)
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
		if bash, err := exec.LookPath("bash"); err == nil {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			echoed, err := exec.CommandContext(ctx, bash, "-c", "printf %s "+got).Output()
			cancel()
			if err != nil || string(echoed) != text {
				t.Errorf("%s: bash reads %q, %v; want %q", got, echoed, err, text)
			}
		}
	}
}

func FuzzShellWord(f *testing.F) {
	for _, text := range []string{"", "a'b", "\x1b\xff\\'", "\u202e"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		word := output.ShellWord(text)
		if output.Printable(word) != word { // which says so of each byte that is no text, too
			t.Errorf("%q: %q does not print", text, word)
		}
		if inner, ok := strings.CutPrefix(word, "$'"); ok {
			inner = strings.NewReplacer(`\\`, "", `\'`, "").Replace(strings.TrimSuffix(inner, "'"))
			if strings.Contains(inner, "'") {
				t.Errorf("%q: %s ends early", text, word)
			}
		}
	})
}
