package output_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

func TestTableAlignsColumns(t *testing.T) {
	rows := func() [][]string { return [][]string{{"é", "b", ""}, {"aaa", "", "c"}} }
	if got, want := output.TableText(false, rows()), "é    b\naaa     c\n"; got != want {
		t.Errorf("table = %q, want %q", got, want)
	}
	const red, end = "\x1b[31m", "\x1b[0m"
	if got, want := output.TableText(true, rows()), red+"é"+end+"    b\naaa     c\n"; got != want {
		t.Errorf("coloured table = %q, want %q", got, want)
	}
}

func TestColoursAreForTerminals(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	for what, end := range map[string]any{"a file": out, "a buffer": new(bytes.Buffer)} {
		if output.IsTerminal(end) {
			t.Errorf("%s is taken for a terminal", what)
		}
	}
}

func TestJSONEscapesWhatDoesNotPrint(t *testing.T) {
	var b strings.Builder
	if err := output.Write(&b, func(p *output.Page) { p.JSON(map[string]string{"a": "\x1b<\u202e\U000e0001"}) }); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), "{\n  \"a\": \"\\u001b<\\u202e\\udb40\\udc01\"\n}\n"; got != want {
		t.Errorf("JSON = %q, want %q", got, want)
	}
}

// TestJSONObjectIsAnObject shows that an object whose items are written one by one is written
// as it is as a whole.
func TestJSONObjectIsAnObject(t *testing.T) {
	type part struct {
		A string   `json:"a"`
		B []string `json:"b"`
	}
	parts := []part{{"\u202e", []string{"x", "y"}}, {"<", nil}, {"", []string{}}}
	for _, items := range [][]part{parts, parts[:1], {}} {
		var whole, each strings.Builder
		err := errors.Join(
			output.Write(&whole, func(p *output.Page) {
				p.JSON(struct {
					One part   `json:"one"`
					All []part `json:"all"`
				}{parts[0], items})
			}),
			output.Write(&each, func(p *output.Page) {
				p.JSONObject(output.Member{Name: "one", Value: parts[0]}, output.Member{Name: "all", Value: output.Items[part](items)})
			}),
		)
		if whole.String() != each.String() || err != nil {
			t.Errorf("one by one: %s, as a whole: %s (%v)", each.String(), whole.String(), err)
		}
	}
}

func TestMarkdownTableEscapesCells(t *testing.T) {
	var b strings.Builder
	if err := output.Write(&b, func(p *output.Page) { p.MarkdownTable([]string{"a|b"}, [][]string{{"*<x>\n"}}) }); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), "| a\\|b |\n|---|\n| \"\\*&lt;x&gt;\\\\n\" |\n"; got != want {
		t.Errorf("table = %q, want %q", got, want)
	}
}

func TestListsAreShortened(t *testing.T) {
	nine := strings.Fields("a b c d e f g h i")
	for want, values := range map[string][]string{
		"a, b, c, d, e, f, g, h": nine[:8], "a, b, c, d, e, f, g, h and 1 other": nine, "": nil,
	} {
		if got := output.Few(values); got != want {
			t.Errorf("Few(%q) = %q, want %q", values, got, want)
		}
	}
}

// answer is an answer that ends the process with 1.
type answer struct{}

func (answer) Write(p *output.Page, format string) { p.Printf("%s\n", format) }
func (answer) Exit() error                         { return output.No }
func (answer) Error() string                       { return "an answer" }

func TestAnswersAreWritten(t *testing.T) {
	var b strings.Builder
	other := errors.New("another error")
	for _, row := range []struct {
		answer output.Answer
		err    error
		want   error
		text   string
	}{
		{answer{}, nil, output.No, "json\n"},
		{nil, answer{}, output.No, "json\n"},
		{nil, other, other, ""},
		{nil, nil, nil, ""},
	} {
		b.Reset()
		if err := output.WriteAnswer(&b, "json", row.answer, row.err); err != row.want || b.String() != row.text {
			t.Errorf("%v, %v: got %v and %q, want %v and %q", row.answer, row.err, err, &b, row.want, row.text)
		}
	}
}
