package provider

import (
	"slices"
	"strings"
)

// Addresses says what the addresses of an issuer look like.
type Addresses struct {
	// Issuer is an example of the issuer's URL, which is the iss of its tokens.
	Issuer string

	// Shapes are the forms of the issuer's URL, without the scheme. A part in braces
	// stands for one label of the host or one step of the path, {host} for any host,
	// and {base} for any number of steps. It is empty if the URL can have any form.
	Shapes []string

	// IssuerPrefixes are the beginnings of issuer URLs, for a provider that runs all
	// issuers itself.
	IssuerPrefixes []string

	// KeysPath is the path of the keys below the issuer's URL. KeysURL is the address
	// of the keys if it is the same for every issuer. Both are empty if only the
	// metadata has the address.
	KeysPath, KeysURL string

	// Hosts are the hosts that its metadata names in addition to the issuer's own.
	// Each means exactly this host over https, at port 443 unless it has a port.
	Hosts []string

	// IssuerHost and TokenHost are the hosts of the issuer and of its token endpoint,
	// if they differ and a customer of the provider chooses a part of the second. A
	// label in braces stands for any one label, and is the same in both. They are
	// empty for other providers, whose hosts are all in Hosts.
	IssuerHost, TokenHost string

	// NamesItselfByIP says that the metadata names the server by its IP address
	// although it was asked by a name. Such an endpoint is asked at the name.
	NamesItselfByIP bool
}

// AllowsTokenHost reports whether the token endpoint of an issuer on the host issuer
// may be on host by TokenHost.
func (a Addresses) AllowsTokenHost(issuer, host string) bool {
	labels := map[string]string{}
	return a.TokenHost != "" && matchLabels(a.IssuerHost, issuer, labels) && matchLabels(a.TokenHost, host, labels)
}

// matchLabels reports whether host has the labels of pattern. It stores the labels
// that match a label in braces in bound; a later label with the same name must be
// equal.
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

// OwnIssuer returns the first of the known issuers that belongs to the same provider
// as iss; empty if there is none, or if the provider does not run issuers itself.
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
