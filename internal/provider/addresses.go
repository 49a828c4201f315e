package provider

import (
	"slices"
	"strings"
)

// Addresses says what the addresses of an issuer look like.
type Addresses struct {
	// Issuer is an example of the issuer's URL, which is the iss of its tokens.
	Issuer string

	// NoFinalSlash says that iss never ends in a slash.
	NoFinalSlash bool

	// IssuerPrefixes are what each issuer's URL begins with, one of them, where the
	// provider runs all issuers itself.
	IssuerPrefixes []string

	// KeysPath is where its keys are, below the issuer's URL; KeysURL is where they
	// are at every issuer. Both are empty if the metadata alone tells.
	KeysPath, KeysURL string

	// Hosts are the hosts, beside the issuer's own, that its metadata names.
	Hosts []string
}

// OwnIssuer returns the first of the known issuers that is of the same provider as iss;
// empty if there is none, or if the provider has no issuers of its own.
func (a Addresses) OwnIssuer(iss string, known []string) string {
	if !a.owns(iss) {
		return ""
	}
	if i := slices.IndexFunc(known, a.owns); i >= 0 {
		return known[i]
	}
	return ""
}

func (a Addresses) owns(issuer string) bool {
	return slices.ContainsFunc(a.IssuerPrefixes, func(prefix string) bool { return strings.HasPrefix(issuer, prefix) })
}
