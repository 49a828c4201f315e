package access

import (
	"fmt"
	"maps"
	"slices"
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

// Overdue returns a warning for each entry, service, client and API whose
// [Purpose.ReviewBy] is before now, at most 1000, in the order of the sections, and by
// name.
func (p *Policy) Overdue(now time.Time) []*Problem {
	c := &checker{written: p.written}
	for at, purpose := range p.matrix.purposes {
		if by := purpose.ReviewBy; !by.IsZero() && !now.Round(0).Before(by) {
			c.warn(at.to("review_by"), "%s", purpose.overdue())
		}
	}
	return c.warnings
}

// overdue says that the time for a review is over, and who is to be asked.
func (p Purpose) overdue() string {
	owner := ""
	if p.Owner != "" {
		owner = " with " + p.Owner
	}
	return fmt.Sprintf("a review was due by %s: decide%s whether this is still needed, and write a later date or remove it", p.LastDay(), owner)
}

// purposes yields every purpose of the matrix with its path.
func (m Matrix) purposes(yield func(path, Purpose) bool) {
	for _, name := range slices.Sorted(maps.Keys(m.Services)) {
		service := m.Services[name]
		if !yield(path{"services", name}, service.Purpose) {
			return
		}
		for i, allow := range service.Allow {
			if allow.Owner == "" {
				allow.Owner = service.Owner
			}
			if !yield(path{"services", name}.item("allow", i), allow.Purpose) {
				return
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Clients)) {
		if !yield(path{"clients", name}, m.Clients[name].Purpose) {
			return
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.External)) {
		if !yield(path{"external", name}, m.External[name].Purpose) {
			return
		}
	}
}
