// Package scope knows what a scope looks like.
package scope

import "strings"

// Valid reports whether s can be a scope: visible ASCII characters without quote and
// backslash (RFC 6749, section 3.3).
func Valid(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c > '~' || c == '"' || c == '\\'
	})
}
