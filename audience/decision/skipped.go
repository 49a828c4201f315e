package decision

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// The reasons for which a line is skipped.
const (
	notJSON   = "no JSON object"
	otherLine = "a line of another program"
	newer     = "a record of a newer version, which this program cannot read"
	malformed = "a record with a field of another form"
	tooLong   = "a line that is too long"
	cutOff    = "a JSON object that is cut off or damaged"
	damaged   = "compressed data that is damaged or cut off: what follows is not read"
)

// Skipped says which lines were not read.
type Skipped []SkippedLines

// SkippedLines are the lines that were skipped for one reason.
type SkippedLines struct {
	// Why is the reason.
	Why string

	// Lines is how many lines there are.
	Lines uint64

	// Line is the number of the first of them, from 1.
	Line uint64

	// Example is the beginning of that line, in printable characters. Long words of it,
	// which may be tokens, are left out.
	Example string

	// MaybeRecords says that records may be among them.
	MaybeRecords bool
}

// String returns the lines in words: how many, why, and the example.
func (s SkippedLines) String() string {
	text := fmt.Sprintf("%d skipped (%s), first line %d", s.Lines, s.Why, s.Line)
	if s.Example != "" {
		text += ": " + s.Example
	}
	return text
}

// MaybeRecords reports whether records may be among the skipped lines: what follows from
// the absence of a record is then uncertain.
func (s Skipped) MaybeRecords() bool {
	return slices.ContainsFunc(s, func(l SkippedLines) bool { return l.MaybeRecords })
}

// add counts one line.
func (s *Skipped) add(why string, number uint64, line []byte) {
	for i := range *s {
		if (*s)[i].Why == why {
			(*s)[i].Lines++
			return
		}
	}
	*s = append(*s, SkippedLines{Why: why, Lines: 1, Line: number, Example: example(line), MaybeRecords: why != notJSON && why != otherLine})
}

// longWord matches what may be a token, a part of one, or a key.
var longWord = regexp.MustCompile(`[A-Za-z0-9_+/=.~-]{24,}`)

// example returns the beginning of a line for people.
func example(line []byte) string {
	const most, read = 80, 1 << 10
	short := bytes.ToValidUTF8(line[:min(len(line), read)], []byte("\ufffd"))
	text := longWord.ReplaceAllString(string(short), "…")
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\ufffd'
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}
