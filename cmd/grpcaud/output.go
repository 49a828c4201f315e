package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// page is what a command writes to standard output. A write that fails shows
// when the page is complete.
type page struct {
	*bufio.Writer
	coloured bool
}

// write has draw fill a page.
func write(cmd *cobra.Command, draw func(*page)) error {
	out := cmd.OutOrStdout()
	p := &page{bufio.NewWriter(out), onTerminal(out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	draw(p)
	return p.Flush()
}

func (p *page) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

func (p *page) json(v any) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		panic(err) // v is of a type that JSON has no form for
	}
	p.printf("%s", escaped(text.String()))
}

// escaped returns JSON with the characters that do not print escaped. They stand
// in strings alone, but for line breaks.
func escaped(text string) string {
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
	bold  = "1"
	bad   = "31"
	good  = "32"
	doubt = "33"
	faint = "2"
)

// in returns text in a colour, if the page has any.
func (p *page) in(colour, text string) string {
	if !p.coloured || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// onTerminal reports whether a person reads, or writes, at the other end.
func onTerminal(end any) bool {
	file, ok := end.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// printable returns s, quoted if it has characters that do not print: nothing
// in a file or a token may move the cursor of whoever looks at it.
func printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// words joins printable values with commas.
func words(values []string) string { return joined(values, ", ") }

func joined(values []string, separator string) string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = printable(v)
	}
	return strings.Join(all, separator)
}

// choice is the value of a flag that takes one of a few words.
type choice struct {
	words []string
	word  string
}

// outputFlag gives cmd the flag -o, which takes one of these formats, by default
// the first.
func outputFlag(cmd *cobra.Command, formats ...string) *choice {
	c := &choice{words: formats, word: formats[0]}
	cmd.Flags().VarP(c, "output", "o", "one of "+strings.Join(formats, ", "))
	suggest(cmd, "output", func([]string) []string { return formats })
	return c
}

// String implements pflag.Value.
func (c *choice) String() string { return c.word }

// Type implements pflag.Value.
func (c *choice) Type() string { return "format" }

// Set implements pflag.Value.
func (c *choice) Set(word string) error {
	if !slices.Contains(c.words, word) {
		return fmt.Errorf("want one of %s", strings.Join(c.words, ", "))
	}
	c.word = word
	return nil
}

// drain reads what r holds, up to most bytes.
func drain(r io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("more than %d KiB", most>>10)
	}
	return data, err
}

// plural counts things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
