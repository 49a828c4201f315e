package authority

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
)

// List has the hosts to which a service's tokens may be sent, as the matrix lists
// them. An empty list means the host for which the connection is made.
type List []string

// Check refuses the :authority of a call if a token must not be sent there. dialled is
// the authority for which the connection was made. The :authority may come from
// grpc.WithAuthority, grpc.CallAuthority, a server name in the TLS configuration, a
// resolver or a balancer. In each case TLS must have verified a certificate for it, or
// it must equal dialled, port included. state is the connection's; nil without TLS.
func (l List) Check(authority, dialled string, state *tls.ConnectionState) error {
	err := l.check(authority, dialled, false)
	if err != nil && proved(state, authority) {
		return l.check(authority, dialled, true)
	}
	return err
}

func (l List) check(authority, dialled string, proved bool) error {
	host, port := cutPort(authority)
	dialledHost, dialledPort := cutPort(dialled)
	if !proved && (!strings.EqualFold(host, dialledHost) || port != dialledPort) {
		return fmt.Errorf("authority %q of a connection to %q, and no certificate proves it; connect to the authority itself, without WithAuthority and CallAuthority", authority, dialled)
	}
	if l.Has(authority) {
		return nil
	}
	if len(l) > 0 {
		return fmt.Errorf("authority %q, but tokens for this service may be sent to %q only", authority, []string(l))
	}
	if !strings.EqualFold(host, dialledHost) {
		return fmt.Errorf("authority %q of a connection to %q; add it to the service's authorities if its tokens may be sent there", authority, dialled)
	}
	return nil
}

// Has reports whether the list names an authority: its host, or its host and port.
func (l List) Has(authority string) bool {
	host, port := cutPort(authority)
	return slices.ContainsFunc(l, func(listed string) bool {
		wantHost, wantPort := cutPort(listed)
		return strings.EqualFold(host, wantHost) && (wantHost == listed || port == wantPort)
	})
}

// proved reports whether TLS has verified a certificate of the server for the host of
// this authority. It is false without TLS (within the machine, to a mesh, or with
// other transport credentials), and if the verification is switched off.
func proved(state *tls.ConnectionState, authority string) bool {
	if state == nil || len(state.VerifiedChains) == 0 {
		return false
	}
	host, _ := cutPort(authority)
	return state.PeerCertificates[0].VerifyHostname(host) == nil
}

// OfTarget returns the authority that gRPC derives from a dial target,
// scheme://authority/endpoint, if nothing overrides it. A unix socket is localhost.
func OfTarget(target string) string {
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

// cutPort separates an authority into host and port. The default is the port of
// https, which gRPC omits.
func cutPort(authority string) (host, port string) {
	at := strings.LastIndexByte(authority, ':')
	if at < 0 || strings.Contains(authority[:at], ":") && !strings.HasSuffix(authority[:at], "]") {
		return authority, "443"
	}
	return authority[:at], authority[at+1:]
}
