package main

import (
	"fmt"
	"net"
	"net/netip"
)

// The names under which browsers reach this machine, each with cookies of its own.
const (
	customerHost   = "customer.localhost"
	backofficeHost = "backoffice.localhost"
	loginHost      = "login.localhost"
)

// check refuses addresses that other machines can reach: the portals have no TLS.
func (c config) check() error {
	for _, f := range []struct{ name, addr string }{
		{"customer-addr", c.customerAddr}, {"backoffice-addr", c.backofficeAddr}, {"login-addr", c.loginAddr},
	} {
		at, err := netip.ParseAddrPort(f.addr)
		if err != nil || !at.Addr().IsLoopback() {
			return fmt.Errorf("-%s: got %q, want a loopback address with a port, such as 127.0.0.1:9201: the portals have no TLS", f.name, f.addr)
		}
	}
	if c.night < 0 {
		return fmt.Errorf("-night: got %v, want no less than 0s", c.night)
	}
	return c.provider.check()
}

// listen opens the socket of a portal, and returns the origin that its pages have.
func listen(flag, addr, host string) (net.Listener, string, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, "", fmt.Errorf("-%s: %w: give another port, or 127.0.0.1:0 for a free one", flag, err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return l, "http://" + net.JoinHostPort(host, port), err
}
