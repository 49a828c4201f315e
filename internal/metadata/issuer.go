package metadata

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// Issuer says which issuer's metadata is read, where it is, and which hosts it may name.
type Issuer struct {
	// URL is the issuer. The document must have it byte for byte.
	URL string

	// Discovery is the address of the document; empty means the well-known ones.
	Discovery string

	// Hosts are further hosts, with or without a port, on which endpoints may be over
	// https; empty means none.
	Hosts []string

	// Addresses is what is known of the kind of provider; the zero value if nothing
	// is.
	Addresses provider.Addresses
}

// endpoint returns the address to which requests go if the document at location names
// address. The address must have the scheme, host and port of the document, or be
// https on one of the hosts of i.
func (i Issuer) endpoint(name, address, location string) (string, error) {
	a, o, err := parse(address, location)
	if err != nil {
		return "", err
	}
	switch {
	case a.User != nil:
	case a.Scheme == o.Scheme && a.Host == o.Host, a.Scheme == "https" && i.allows(name, a):
		return address, nil
	case i.Addresses.NamesItselfByIP && isIP(a.Hostname()):
		a.Scheme, a.Host = o.Scheme, o.Host
		return a.String(), nil
	}
	return "", fmt.Errorf("%.128q is not on %s://%s", a.Redacted(), o.Scheme, o.Host)
}

// allows reports whether an endpoint may be on another host than the document.
func (i Issuer) allows(name string, a *url.URL) bool {
	same := func(host string) bool { return standard(host) == standard(a.Host) }
	issuer, err := url.Parse(i.URL)
	return slices.ContainsFunc(i.Hosts, same) || slices.ContainsFunc(i.Addresses.Hosts, same) ||
		name == "token_endpoint" && err == nil && i.Addresses.AllowsTokenHost(issuer.Host, standard(a.Host))
}

// standard returns host without the port of https.
func standard(host string) string { return strings.TrimSuffix(host, ":443") }

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
