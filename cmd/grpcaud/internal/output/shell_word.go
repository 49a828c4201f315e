package output

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// plainWord is text that a shell takes as it is.
var plainWord = regexp.MustCompile(`^[\w./:=@%+,-]+$`)

// ShellWord returns text as one word of a shell. What does not print is escaped, in the
// form $'…' that POSIX has since 2024.
func ShellWord(text string) string {
	switch {
	case plainWord.MatchString(text):
		return text
	case Printable(text) == text:
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch printable := strconv.IsPrint(r) && (r != utf8.RuneError || n > 1); {
		case r == '\'' || r == '\\':
			b.WriteString(`\` + text[:n])
		case printable:
			b.WriteString(text[:n])
		default:
			for _, c := range []byte(text[:n]) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		}
		text = text[n:]
	}
	return "$'" + b.String() + "'"
}
