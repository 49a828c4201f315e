// Package quote shows an operator values that an unknown peer wrote. They are quoted,
// so that they cannot forge a line of a log, and cut if they are long.
package quote

import (
	"fmt"
	"strings"
)

const (
	most    = 8   // values in a list
	longest = 128 // characters of a value
)

// List returns values, quoted and separated by spaces: at most 8 of them, each of at
// most 128 characters. It returns "none" if there are none.
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

// OrNone returns one value, quoted; "none" if it is empty.
func OrNone(value string) string {
	if value == "" {
		return "none"
	}
	return List(value)
}
