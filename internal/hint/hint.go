// Package hint knows the common mistakes about issuers and audiences, and explains
// them to the operator. A near miss is explained, never accepted.
package hint

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// IDToken explains what an ID token is for.
const IDToken = "an ID token tells a client who logged in; call services with the access token"

// Issuer explains for the operator why iss is none of the issuers known, where
// the mistake is a common one; empty where it is not.
func Issuer(iss string, known []string) string {
	for _, p := range provider.All() {
		own := func(issuer string) bool {
			return slices.ContainsFunc(p.Addresses.IssuerPrefixes, func(prefix string) bool { return strings.HasPrefix(issuer, prefix) })
		}
		if own(iss) && slices.ContainsFunc(known, own) {
			return p.Advice.OtherIssuer
		}
	}
	return NearMiss([]string{iss}, known, "issuers")
}

// NearMiss finds a value that is almost one of the wanted: it says by what alone the
// two differ. what is the plural of what they are.
func NearMiss(got, want []string, what string) string {
	for _, g := range got {
		for _, w := range want {
			if d := difference(g, w); d != "" {
				return fmt.Sprintf("%.128q differs from %q only by %s, and %s are compared exactly", g, w, d, what)
			}
		}
	}
	return ""
}

// difference names the only thing by which a differs from b; empty if there is more
// than one.
func difference(a, b string) string {
	bare := func(s string) string {
		if _, rest, ok := strings.Cut(s, "://"); ok {
			return rest
		}
		return s
	}
	unslashed := func(s string) string { return strings.TrimSuffix(s, "/") }
	switch {
	case a == b, unslashed(bare(a)) == "":
		return ""
	case unslashed(a) == unslashed(b):
		return "a trailing slash"
	case strings.TrimSpace(a) == strings.TrimSpace(b):
		return "white space"
	case strings.EqualFold(a, b):
		return "upper and lower case"
	case bare(a) == bare(b):
		return "its scheme"
	case unslashed(bare(a)) == unslashed(bare(b)):
		return "its scheme and a trailing slash"
	default:
		return ""
	}
}

// IsGUID reports whether s is an id such as Entra gives to applications.
func IsGUID(s string) bool {
	digits := strings.ReplaceAll(s, "-", "")
	_, err := hex.DecodeString(digits)
	return err == nil && len(digits) == 32 && len(s) == 36
}
