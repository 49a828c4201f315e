// Package scope knows the form of a scope.
package scope

import "strings"

// Valid reports whether s has the form of a scope: visible ASCII characters without
// quote and backslash (RFC 6749, section 3.3).
func Valid(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c > '~' || c == '"' || c == '\\'
	})
}
