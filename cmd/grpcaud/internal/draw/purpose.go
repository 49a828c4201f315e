package draw

import (
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// purpose is why a part of the matrix is there, as texts.
type purpose struct {
	Why      string `json:"why,omitempty"`
	Owner    string `json:"owner,omitempty"`
	ReviewBy string `json:"review_by,omitempty"` // the last day
}

func purposeOf(p access.Purpose) purpose { return purpose{p.Why, p.Owner, p.LastDay()} }

// Said reports whether the matrix says anything.
func (p purpose) Said() bool { return p != purpose{} }

// inWords returns p as one text; empty if the matrix says nothing.
func (p purpose) inWords() string {
	var parts []string
	if p.Owner != "" {
		parts = append(parts, "owner "+p.Owner)
	}
	if p.ReviewBy != "" {
		parts = append(parts, "review by "+p.ReviewBy)
	}
	text := strings.Join(parts, ", ")
	if text != "" && p.Why != "" {
		text += ": "
	}
	return output.Printable(text + p.Why)
}

// columns adds to a table, whose first row has the titles, those of these columns in which
// something stands: the last day before a review, the owner and the why of each row.
func columns(rows [][]string, purposes []purpose) {
	for _, column := range []struct {
		title string
		of    func(purpose) string
	}{
		{"review by", func(p purpose) string { return p.ReviewBy }},
		{"owner", func(p purpose) string { return p.Owner }},
		{"why", func(p purpose) string { return p.Why }},
	} {
		if !slices.ContainsFunc(purposes, func(p purpose) bool { return column.of(p) != "" }) {
			continue
		}
		rows[0] = append(rows[0], column.title)
		for i, p := range purposes {
			rows[i+1] = append(rows[i+1], output.Printable(column.of(p)))
		}
	}
}

// entryPurposes are the purposes of the entries of s.
func (s service) entryPurposes() []purpose {
	all := make([]purpose, len(s.Allow))
	for i, e := range s.Allow {
		all[i] = e.purpose
	}
	return all
}

// clientTable is a table of the clients of which the matrix says more than the name.
func (d *Drawing) clientTable() [][]string {
	rows, purposes := [][]string{{"client"}}, []purpose{}
	for _, c := range d.Clients {
		rows, purposes = append(rows, []string{output.Printable(c.Name)}), append(purposes, c.purpose)
	}
	columns(rows, purposes)
	return rows
}

// client is a client of which the matrix says why it is there.
type client struct {
	Name string `json:"client"`
	purpose
}

// said reports whether the matrix says of an entry of s why it is there.
func (s service) said() bool { return slices.ContainsFunc(s.entryPurposes(), purpose.Said) }
