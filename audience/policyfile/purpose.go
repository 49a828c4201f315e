package policyfile

import (
	"maps"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/access"
)

// withPurpose returns the keys of a mapping that may also say why it is there.
func (r *reader) withPurpose(to *access.Purpose, known map[string]value) map[string]value {
	maps.Copy(known, map[string]value{
		"why":       r.line("a text that says why", &to.Why),
		"owner":     r.line("who answers for it, such as a team", &to.Owner),
		"review_by": r.day(&to.ReviewBy),
	})
	return known
}

// line reads a text that may stand on several lines of the file. Line breaks and
// repeated spaces count as one space.
func (r *reader) line(want string, to *string) value {
	return value{want: want, read: func(n *yaml.Node) {
		r.text(want, to).read(n)
		*to = strings.Join(strings.FieldsFunc(*to, func(c rune) bool { return strings.ContainsRune(" \t\r\n\u0085", c) }), " ")
		if *to == "" && n != probe && n.Tag == aString && strings.TrimSpace(n.Value) != n.Value {
			r.finding(n, "want %s, got white space only", want)
		}
	}}
}

// day reads a date, which means its end in UTC.
func (r *reader) day(to *time.Time) value {
	return r.scalar("a date such as 2027-06-30", func(text string) bool {
		day, err := time.Parse(time.DateOnly, text)
		*to = day.AddDate(0, 0, 1)
		return err == nil
	})
}
