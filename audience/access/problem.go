package access

import (
	"fmt"
	"strings"
)

// Problem is one mistake in a [Matrix], or, from [Policy.Warnings], something
// that is allowed but rarely meant.
type Problem struct {
	// Path leads to the place: the keys and list indexes of the file's
	// spelling, such as "services", "order-status", "allow", "0", "clients".
	Path []string

	// Text says what is wrong and what would be right.
	Text string

	// Severity says how much it matters.
	Severity Severity
}

// Severity is how much a [Problem] matters.
type Severity uint8

// The severities, from the gravest on.
const (
	// Mistake keeps a matrix from being a policy. It is the zero value.
	Mistake Severity = iota

	// Warning is for what is rarely meant.
	Warning

	// Info is for what is wide on purpose: the matrix writes it out.
	Info
)

// String returns "mistake", "warning" or "info".
func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Info:
		return "info"
	default:
		return "mistake"
	}
}

// Error joins the path and the text.
func (p *Problem) Error() string {
	var b strings.Builder
	for i, step := range p.Path {
		switch {
		case step != "" && step[0] >= '0' && step[0] <= '9' && i > 0:
			fmt.Fprintf(&b, "[%s]", step)
		case i > 0:
			b.WriteString("." + step)
		default:
			b.WriteString(step)
		}
	}
	return b.String() + ": " + p.Text
}
