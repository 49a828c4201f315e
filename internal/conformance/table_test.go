package conformance_test

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of compatibility")

// The table is on the page about compatibility, between these marks.
const (
	page  = "../../docs/compatibility.md"
	first = "<!-- compatibility: made by go test ./internal/conformance -update -->\n"
	last  = "<!-- end -->\n"
)

// A table is that of compatibility: a line for each row below the titles, a column
// for each provider behind the names.
type table [][]string

// newTable returns a table without verdicts.
func newTable() table {
	tb := table{make([]string, 1+len(providers))}
	for _, row := range rows {
		line := make([]string, 1+len(providers))
		line[0] = row.name
		tb = append(tb, line)
	}
	return tb
}

// check compares the page with what was found out. Where nothing was, it stays as it
// is.
func (tb table) check(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, began := strings.Cut(string(text), first)
	old, after, ended := strings.Cut(rest, last)
	if !began || !ended {
		t.Fatalf("%s: no marks %q and %q for the table of compatibility", page, first, last)
	}
	tb.keep(old)
	switch now := tb.String(); {
	case now == old:
	case *update:
		if err := os.WriteFile(page, []byte(before+first+now+last+after), 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not what was found out; run the test with -update: got\n%s", page, now)
	}
}

// keep takes what is empty from an old table.
func (tb table) keep(old string) {
	was := map[string][]string{}
	for line := range strings.Lines(old) {
		if cells := strings.Split(strings.Trim(line, "| \n"), " | "); len(cells) == 1+len(providers) {
			was[cells[0]] = cells
		} else if len(cells) == len(providers) {
			was[""] = append([]string{""}, cells...)
		}
	}
	for _, line := range tb {
		for i := range line {
			if cells := was[line[0]]; line[i] == "" && cells != nil {
				line[i] = cells[i]
			}
		}
	}
}

// String returns the table in Markdown.
func (tb table) String() string {
	var b strings.Builder
	for i, line := range tb {
		b.WriteString("| " + strings.Join(line, " | ") + " |\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(line)) + "|\n")
		}
	}
	return b.String()
}
