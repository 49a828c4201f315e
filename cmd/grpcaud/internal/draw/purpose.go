package draw

import (
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
	for _, part := range [][2]string{{"", p.Why}, {"owner ", p.Owner}, {"review by ", p.ReviewBy}} {
		if part[1] != "" {
			parts = append(parts, part[0]+part[1])
		}
	}
	return output.Printable(strings.Join(parts, "; "))
}

// cells returns p as the cells of a table.
func (p purpose) cells() []string {
	return []string{output.Printable(p.Why), output.Printable(p.Owner), p.ReviewBy}
}

// purposeTitles are the titles of [purpose.cells].
var purposeTitles = []string{"why", "owner", "review by"}

// client is a client of which the matrix says why it is there.
type client struct {
	Name string `json:"client"`
	purpose
}

// said returns whether the matrix says of an entry of s why it is there.
func (s service) said() bool {
	for _, e := range s.Allow {
		if e.Said() {
			return true
		}
	}
	return false
}
