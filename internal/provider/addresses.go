package provider

import (
	"slices"
	"strings"
)

// Addresses says what the addresses of an issuer look like.
type Addresses struct {
	// Issuer is an example of the issuer's URL, which is the iss of its tokens.
	Issuer string

	// Shapes are what the issuer's URL looks like, one of them, without the scheme: a
	// part in braces stands for one label of the host or one step of the path, {host}
	// for any host and {base} for any steps. Empty if it can look like anything.
	Shapes []string

	// IssuerPrefixes are what each issuer's URL begins with, one of them, where the
	// provider runs all issuers itself.
	IssuerPrefixes []string

	// KeysPath is where its keys are, below the issuer's URL; KeysURL is where they
	// are at every issuer. Both are empty if the metadata alone tells.
	KeysPath, KeysURL string

	// Hosts are the hosts, beside the issuer's own, that its metadata names. Each is
	// that very host over https, at port 443 unless a port follows.
	Hosts []string

	// IssuerHost and TokenHost are the hosts of the issuer and of its token endpoint,
	// where these differ and a client of the provider chooses a part of the second. A
	// label in braces stands for any one label, and is the same in both. Empty for
	// providers that have only such hosts as Hosts lists.
	IssuerHost, TokenHost string

	// NamesItselfByIP says that the metadata names the server by its IP address, where
	// it was asked by a name: such an endpoint is asked at the name.
	NamesItselfByIP bool
}

// AllowsTokenHost reports whether the token endpoint of an issuer on the host issuer
// may be on host by TokenHost.
func (a Addresses) AllowsTokenHost(issuer, host string) bool {
	labels := map[string]string{}
	return a.TokenHost != "" && matchLabels(a.IssuerHost, issuer, labels) && matchLabels(a.TokenHost, host, labels)
}

// matchLabels reports whether host has the labels of pattern. It adds what the labels
// in braces stand for to bound, which later ones of the same name must equal.
func matchLabels(pattern, host string, bound map[string]string) bool {
	want, got := strings.Split(pattern, "."), strings.Split(host, ".")
	if len(want) != len(got) {
		return false
	}
	for i, label := range want {
		if strings.HasPrefix(label, "{") {
			if _, known := bound[label]; !known {
				bound[label] = got[i]
			}
			label = bound[label]
		}
		if label == "" || label != got[i] {
			return false
		}
	}
	return true
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
