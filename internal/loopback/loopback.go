// Package loopback recognises the addresses of this machine.
package loopback

import "net/netip"

// Host reports whether the host of a URL, without its port, is this machine:
// localhost, or an address of the loopback interface.
func Host(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
