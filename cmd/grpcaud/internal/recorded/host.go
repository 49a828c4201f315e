package recorded

import "net"

// Host returns the peer of a record without its port.
func Host(peer string) string {
	if host, _, err := net.SplitHostPort(peer); err == nil {
		return host
	}
	return peer
}
