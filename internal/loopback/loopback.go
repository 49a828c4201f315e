// Package loopback knows the names of this machine.
package loopback

import "net/netip"

// Host reports whether a URL's host, without its port, never leaves the machine:
// localhost, or an address of the loopback interface.
func Host(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
