// Package quote renders values that strangers wrote for the eyes of an operator:
// quoted, so that nothing in them can forge a line of a log, and cut where they
// are long.
package quote

import (
	"fmt"
	"strings"
)

const (
	most    = 8   // values in a list
	longest = 128 // characters of a value
)

// List renders values, divided by spaces: at most 8 of them, each of at most 128
// characters. It is "none" for no values.
func List(values ...string) string {
	if len(values) == 0 {
		return "none"
	}
	out := make([]string, 0, len(values))
	for _, v := range values[:min(len(values), most)] {
		out = append(out, fmt.Sprintf("%.*q", longest, v))
	}
	if len(values) > most {
		out = append(out, fmt.Sprintf("and %d more", len(values)-most))
	}
	return strings.Join(out, " ")
}

// OrNone renders one value, which may be missing: "none" for an empty one.
func OrNone(value string) string {
	if value == "" {
		return "none"
	}
	return List(value)
}
