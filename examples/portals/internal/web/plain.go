package web

import (
	"strings"
	"unicode"
)

// longest is how many characters of a name are shown.
const longest = 80

// Plain returns text that others wrote, such as a claim, for a page: control characters,
// and those that change the direction of text, are replaced, and long text is cut. The
// templates escape markup.
func Plain(text string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
	if short := []rune(clean); len(short) > longest {
		return string(short[:longest]) + "…"
	}
	return clean
}
