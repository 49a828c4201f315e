// Package nearest finds the name that a user has probably meant.
package nearest

import (
	"fmt"
	"slices"
	"strings"
)

// Hint returns ", did you mean "x"?" for the known name that is at most two
// letters away from name, regardless of case; empty if there is none.
func Hint(name string, known []string) string {
	best, least := "", 3
	for _, k := range slices.Sorted(slices.Values(known)) {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}

// distance returns how many bytes must be inserted, removed or replaced to get from a
// to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left, corner := i+1, i
		for j := range len(b) {
			up, cost := row[j+1], corner
			if a[i] != b[j] {
				cost = 1 + min(corner, up, left)
			}
			row[j], left, corner = left, cost, up
		}
		row[len(b)] = left
	}
	return row[len(b)]
}
