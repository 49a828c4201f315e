package draw

import (
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
)

// markInWords writes what tells a service from a user.
func markInWords(m access.ServiceMark) string {
	var parts []string
	for _, claim := range slices.Sorted(maps.Keys(m.Equal)) {
		parts = append(parts, claim+" = "+m.Equal[claim])
	}
	for _, claim := range m.Present {
		parts = append(parts, claim+" present")
	}
	for _, claim := range m.Absent {
		parts = append(parts, claim+" absent")
	}
	for _, claim := range slices.Sorted(maps.Keys(m.Not)) {
		parts = append(parts, claim+" not "+m.Not[claim])
	}
	return strings.Join(parts, " and ")
}

// placeInWords writes where roles stand.
func placeInWords(p access.RolePlace) string {
	if p.As == "" {
		return p.Claim
	}
	return p.Claim + " as " + p.As
}

// callerInWords writes which claim says who calls.
func callerInWords(c access.CallerClaim) string {
	if c.VerifiedBy == "" {
		return c.Claim
	}
	return c.Claim + " verified by " + c.VerifiedBy
}

// inWords writes each value.
func inWords[T any](values []T, words func(T) string) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = words(v)
	}
	return all
}
