package access

import (
	"fmt"
	"strings"
)

// Problem is one mistake in a [Matrix], or, from [Policy.Warnings], something that
// is allowed but rarely intended.
type Problem struct {
	// Path is the place in the matrix: keys and list indexes as in the file, such as
	// "services", "order-status", "allow", "0", "clients".
	Path []string

	// Text says what is wrong and how to fix it.
	Text string

	// Proof has the calls that break a statement under never, in their order, to be
	// written after Text. Nil for every other problem.
	Proof []Hop

	// Severity says how serious it is.
	Severity Severity
}

// Severity says how serious a [Problem] is.
type Severity uint8

// Severities, most severe first.
const (
	// Mistake means that no policy can be made. It is the zero value.
	Mistake Severity = iota

	// Warning means that it is rarely intended.
	Warning

	// Info means that it is broad on purpose, since the matrix says so explicitly.
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

// place returns the path as one text.
func (p *Problem) place() string { return pathName(p.Path) }

// Error joins the path, the text and the steps of the proof.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(pathName(p.Path) + ": " + p.Text)
	for _, hop := range p.Proof {
		fmt.Fprintf(&b, " → %v (%s)", hop, hop.Entry)
	}
	return b.String()
}

// pathName writes a path as people do: services.order-status.allow[0].
func pathName(path []string) string {
	var b strings.Builder
	for i, step := range path {
		switch {
		case step != "" && step[0] >= '0' && step[0] <= '9' && i > 0:
			fmt.Fprintf(&b, "[%s]", step)
		case i > 0:
			b.WriteString("." + step)
		default:
			b.WriteString(step)
		}
	}
	return b.String()
}
