package interceptor

import (
	"fmt"
	"strings"
)

// authorities are the places that a service's tokens may be sent to, as the
// matrix lists them; empty means the host that the connection is made for.
type authorities []string

// admits judges the :authority of a call over a connection that was made for the
// host dialled. Whatever changes it, be it
// grpc.WithAuthority, grpc.CallAuthority, a server name in the TLS
// configuration, a resolver or a balancer, it is what the server has to prove.
func (a authorities) admits(authority, dialled string) error {
	host, port := cutPort(authority)
	for _, listed := range a {
		wantHost, wantPort := cutPort(listed)
		if strings.EqualFold(host, wantHost) && (wantHost == listed || port == wantPort) {
			return nil
		}
	}
	if len(a) > 0 {
		return fmt.Errorf("interceptor: authority %q, and tokens for this service may go to %q only", authority, []string(a))
	}
	if !strings.EqualFold(host, dialled) {
		return fmt.Errorf("interceptor: authority %q of a connection to %q; list it among the service's authorities if its tokens may go there", authority, dialled)
	}
	return nil
}

// dialledHost returns the host of a dial target, scheme://authority/endpoint, as
// gRPC turns it into an authority.
func dialledHost(target string) string {
	scheme, rest, _ := strings.Cut(target, "://")
	_, endpoint, _ := strings.Cut(rest, "/")
	if strings.HasPrefix(scheme, "unix") || strings.HasPrefix(endpoint, ":") {
		return "localhost"
	}
	host, _ := cutPort(endpoint)
	return host
}

// cutPort cuts the port off an authority; without one it is that of https, which
// gRPC leaves out.
func cutPort(authority string) (host, port string) {
	at := strings.LastIndexByte(authority, ':')
	if at < 0 || strings.Contains(authority[:at], ":") && !strings.HasSuffix(authority[:at], "]") {
		return authority, "443"
	}
	return authority[:at], authority[at+1:]
}
