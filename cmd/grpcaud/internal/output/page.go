package output

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Page is what a command writes to standard output. A write that fails shows
// when the page is complete.
type Page struct {
	*bufio.Writer
	coloured bool
}

// Write has draw fill a page.
func Write(out io.Writer, draw func(*Page)) error {
	p := &Page{bufio.NewWriter(out), IsTerminal(out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	draw(p)
	return p.Flush()
}

func (p *Page) Printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

func (p *Page) JSON(v any) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		panic(err) // v is of a type that JSON has no form for
	}
	p.Printf("%s", EscapeJSON(text.String()))
}

// EscapeJSON returns JSON with the characters that do not print escaped. They stand
// in strings alone, but for line breaks.
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

// The colours, by what they say.
const (
	Bold  = "1"
	Bad   = "31"
	Good  = "32"
	Doubt = "33"
	Faint = "2"
)

// Colour returns text in a colour, if the page has any.
func (p *Page) Colour(colour, text string) string {
	if !p.coloured || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// IsTerminal reports whether a person reads, or writes, at the other end.
func IsTerminal(end any) bool {
	file, ok := end.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
