package output

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Page is the output of a command. The error of a write is returned at the end.
type Page struct {
	*bufio.Writer
	coloured bool
}

// Write writes the page that draw fills. It has colours if out is a terminal.
func Write(out io.Writer, draw func(*Page)) error {
	p := &Page{bufio.NewWriter(out), IsTerminal(out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	draw(p)
	return p.Flush()
}

// Printf writes formatted text.
func (p *Page) Printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

// JSON writes v, indented, with what does not print escaped.
func (p *Page) JSON(v any) { p.Printf("%s\n", indented(v, "")) }

// Member is a member of a JSON object.
type Member struct {
	Name  string
	Value any
}

// Items are the value of a [Member] that are written one by one: a long list is never in
// memory as a text.
type Items[T any] []T

func (l Items[T]) items() iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, item := range l {
			if !yield(item) {
				return
			}
		}
	}
}

// JSONObject writes what [Page.JSON] writes for an object with these members.
func (p *Page) JSONObject(members ...Member) {
	begin := "{\n"
	for _, m := range members {
		p.Printf("%s  %s: ", begin, indented(m.Name, ""))
		begin = ",\n"
		list, ok := m.Value.(interface{ items() iter.Seq[any] })
		if !ok {
			p.Printf("%s", indented(m.Value, "  "))
			continue
		}
		separator, end := "[\n", "[]"
		for item := range list.items() {
			p.Printf("%s    %s", separator, indented(item, "    "))
			separator, end = ",\n", "\n  ]"
		}
		p.Printf("%s", end)
	}
	p.Printf("\n}\n")
}

// indented returns v as JSON. All lines but the first begin with the prefix.
func indented(v any, prefix string) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(prefix, "  ")
	if err := encoder.Encode(v); err != nil {
		panic(err) // JSON has no form for the type of v
	}
	return EscapeJSON(strings.TrimSuffix(text.String(), "\n"))
}

// EscapeJSON escapes the characters in a JSON text that do not print. All but line
// breaks are in strings.
func EscapeJSON(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch high, low := utf16.EncodeRune(r); {
		case r == '\n' || strconv.IsPrint(r):
			b.WriteRune(r)
		case high != utf8.RuneError:
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// The colours, by their meaning.
const (
	Bold  = "1"
	Bad   = "31"
	Good  = "32"
	Doubt = "33"
	Faint = "2"
)

// Colour returns text in a colour, if the page has colours.
func (p *Page) Colour(colour, text string) string {
	if !p.coloured || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// IsTerminal reports whether a file is a terminal.
func IsTerminal(end any) bool {
	file, ok := end.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
