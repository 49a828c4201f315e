// Package spiffe knows the form of SPIFFE IDs (SPIFFE-ID, section 2).
package spiffe

import "strings"

// Scheme is the beginning of each SPIFFE ID.
const Scheme = "spiffe://"

// maxTrustDomain is the length of the longest name of a trust domain, in bytes.
const maxTrustDomain = 255

// TrustDomain returns the trust domain of a workload's SPIFFE ID, such as
// "example.org" for "spiffe://example.org/portal"; empty if id is not a SPIFFE ID.
func TrustDomain(id string) string {
	rest, ok := strings.CutPrefix(id, Scheme)
	domain, path, _ := strings.Cut(rest, "/")
	if !ok || path == "" || !IsTrustDomain(domain) {
		return ""
	}
	return domain
}

// IsTrustDomain reports whether name can name a trust domain: lower-case letters,
// digits, dots, hyphens and underscores.
func IsTrustDomain(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789.-_"
	return name != "" && len(name) <= maxTrustDomain && strings.Trim(name, letters) == ""
}
