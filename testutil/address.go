package testutil

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// errNoAddress says what an address of a browser must be.
var errNoAddress = errors.New("want an address on localhost, a name below localhost, 127.0.0.1 or [::1], such as http://localhost:3000/callback")

// webAddress reads an absolute http or https address without a user and a fragment.
func webAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("got %q, want a web address", text)
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.User != nil, strings.Contains(text, "#"):
		return nil, fmt.Errorf("got %q, want scheme://host/path, with http or https, without a user and a fragment", text)
	}
	return u, nil
}

// isLoopback reports whether a host is this machine: localhost, a name below it (RFC 6761,
// section 6.3), or a loopback address.
func isLoopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback() && addr.Zone() == ""
	}
	host = strings.ToLower(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// mayReturn checks an address that a browser is to be sent to: one of those registered, if
// there are any, character by character; otherwise any on this machine.
func mayReturn(text string, registered []string) error {
	if len(registered) > 0 {
		if !slices.Contains(registered, text) {
			return fmt.Errorf("got %q, want one of the registered %q", text, registered)
		}
		return nil
	}
	u, err := webAddress(text)
	if err != nil || !isLoopback(u.Hostname()) {
		return fmt.Errorf("got %q, %w", text, errNoAddress)
	}
	return nil
}

// repeated returns a parameter of a request that is given twice, which is an error (RFC
// 6749, section 3.1), except audience and resource (RFC 8693, section 2.1); empty if
// there is none.
func repeated(values url.Values) string {
	for name, all := range values {
		if len(all) > 1 && name != "audience" && name != "resource" {
			return name
		}
	}
	return ""
}
