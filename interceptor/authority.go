package interceptor

import (
	"fmt"
	"strings"

	"google.golang.org/grpc/credentials"
)

// authorities are the places that a service's tokens may be sent to, as the
// matrix lists them; empty means the host that the connection is made for.
type authorities []string

// admits judges the :authority of a call over a connection that was made for
// dialled. Whatever changes it, be it grpc.WithAuthority, grpc.CallAuthority, a
// server name in the TLS configuration, a resolver or a balancer, the server must
// have proved it (see [proves]), or it must be what was dialled, with its port.
func (a authorities) admits(authority, dialled string, proved bool) error {
	host, port := cutPort(authority)
	dialledHost, dialledPort := cutPort(dialled)
	if !proved && (!strings.EqualFold(host, dialledHost) || port != dialledPort) {
		return fmt.Errorf("interceptor: authority %q of a connection to %q, and no certificate proves it; connect to the authority itself, and leave WithAuthority and CallAuthority out", authority, dialled)
	}
	for _, listed := range a {
		wantHost, wantPort := cutPort(listed)
		if strings.EqualFold(host, wantHost) && (wantHost == listed || port == wantPort) {
			return nil
		}
	}
	if len(a) > 0 {
		return fmt.Errorf("interceptor: authority %q, and tokens for this service may go to %q only", authority, []string(a))
	}
	if !strings.EqualFold(host, dialledHost) {
		return fmt.Errorf("interceptor: authority %q of a connection to %q; list it among the service's authorities if its tokens may go there", authority, dialled)
	}
	return nil
}

// proves reports whether the server at the other end of a connection has proved to
// be this authority: TLS has verified its certificate, and that is for the host.
// Nobody has proved anything in plaintext, be it within the machine or to a mesh,
// over other transport credentials, or where the verification is switched off.
func proves(info credentials.AuthInfo, authority string) bool {
	tls, ok := info.(credentials.TLSInfo)
	if !ok || len(tls.State.VerifiedChains) == 0 {
		return false
	}
	host, _ := cutPort(authority)
	return tls.State.PeerCertificates[0].VerifyHostname(host) == nil
}

// dialledAuthority returns the authority of a dial target,
// scheme://authority/endpoint, as gRPC makes it if nothing changes it. A unix socket
// is localhost.
func dialledAuthority(target string) string {
	scheme, rest, _ := strings.Cut(target, "://")
	_, endpoint, _ := strings.Cut(rest, "/")
	switch {
	case strings.HasPrefix(scheme, "unix"):
		return "localhost"
	case strings.HasPrefix(endpoint, ":"):
		return "localhost" + endpoint
	}
	return endpoint
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
