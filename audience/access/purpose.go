package access

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Purpose says why something is in the matrix, for people. It never changes a verdict.
// The zero value says nothing.
type Purpose struct {
	// Why is the reason, as one line of at most 500 printable characters.
	Why string

	// Owner is who answers for it, such as a team or its address: one line of at most
	// 100 printable characters.
	Owner string

	// ReviewBy is until when somebody must have asked whether it is still needed; the
	// zero value sets no time. After it [Policy.Overdue] reports it.
	ReviewBy time.Time
}

// LastDay returns the day by whose end the review is due, in UTC, as the file writes it;
// empty if none is.
func (p Purpose) LastDay() string {
	if p.ReviewBy.IsZero() {
		return ""
	}
	return p.ReviewBy.Add(-time.Nanosecond).UTC().Format(time.DateOnly)
}

// The longest texts of a [Purpose], in characters.
const (
	maxWhy   = 500
	maxOwner = 100
)

func (c *checker) purpose(a path, p Purpose) {
	c.line(a.to("why"), p.Why, maxWhy)
	c.line(a.to("owner"), p.Owner, maxOwner)
}

// line checks a text for people: one line that every page and terminal shows as it is.
func (c *checker) line(a path, text string, most int) {
	odd := strings.IndexFunc(text, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) })
	switch {
	case text == "":
	case odd >= 0:
		r, _ := utf8.DecodeRuneInString(text[odd:])
		c.problem(a, "want one line of text, got the character %U, which cannot be printed", r)
	case strings.TrimSpace(text) != text:
		c.problem(a, "the text begins or ends with white space, or is empty")
	case utf8.RuneCountInString(text) > most:
		c.problem(a, "want at most %d characters, got %d: a longer text belongs into a document, and its address here", most, utf8.RuneCountInString(text))
	}
}

// ownedBy returns p, with this owner if it has none.
func (p Purpose) ownedBy(owner string) Purpose {
	p.Owner = cmp.Or(p.Owner, owner)
	return p
}

// isOverdue reports whether the time for a review is over.
func (p Purpose) isOverdue(now time.Time) bool {
	return !p.ReviewBy.IsZero() && !now.Round(0).Before(p.ReviewBy)
}

// overdue says that the time for a review is over, and who is to be asked.
func (p Purpose) overdue() string {
	owner := ""
	if p.Owner != "" {
		owner = " with " + p.Owner
	}
	return fmt.Sprintf("a review was due by %s: decide%s whether this is still needed, and write a later date or remove it", p.LastDay(), owner)
}
