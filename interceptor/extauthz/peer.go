package extauthz

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// peerOf returns what Envoy reports of the connection that the request came over.
func (s *Service) peerOf(r *request) admission.Peer {
	source := r.check.GetSource()
	p := admission.Peer{
		Addr: addressOf(source.GetAddress()), UserAgent: strings.Join(r.headers["user-agent"], " "),
		Hint: "let Envoy's listener use TLS, with a certificate that has a name; " +
			"if something else encrypts the way to Envoy, or while you develop on one machine, let the guard say so by name: interceptor.AllowPlaintext, or grpcaud authz --allow-plaintext",
	}
	certificate := sync.OnceValue(func() *x509.Certificate { return s.certificateOf(r) })
	p.Certificate = func(context.Context) *x509.Certificate { return certificate() }
	switch {
	case overTLS(r.check):
		p.Connection = admission.PrivateConnection
	case p.Addr == nil:
	case isLoopback(p.Addr):
		p.Connection = admission.LoopbackConnection
	default:
		p.Connection = admission.PlaintextConnection
	}
	return p
}

// overTLS reports whether the connection to Envoy has TLS. Only what Envoy itself knows of
// the connection counts: the name in its own certificate, the client's certificate, and the
// server name that the client asked for. The session is there without TLS too, but has no
// server name then. The scheme and x-forwarded-proto may come from the client.
func overTLS(c *authv3.AttributeContext) bool {
	return c.GetDestination().GetPrincipal() != "" || c.GetSource().GetCertificate() != "" || c.GetTlsSession().GetSni() != ""
}

// certificateOf returns the certificate that the client proved to hold; nil if there is
// none.
func (s *Service) certificateOf(r *request) *x509.Certificate {
	own := parseCertificate(r.check.GetSource().GetCertificate())
	if own == nil || !slices.Contains(s.proxies, nameOf(own)) {
		return own
	}
	return parseCertificate(forwardedCertificate(r.headers["x-forwarded-client-cert"]))
}

// nameOf returns the first URI or else the first DNS name of a certificate.
func nameOf(c *x509.Certificate) string {
	switch {
	case len(c.URIs) > 0:
		return c.URIs[0].String()
	case len(c.DNSNames) > 0:
		return c.DNSNames[0]
	}
	return ""
}

// maxCertificate is the size in bytes of an encoded certificate above which it is not
// read.
const maxCertificate = 64 << 10

// parseCertificate reads a certificate as Envoy writes it: PEM, and URL-encoded. It
// returns nil if the text has no certificate, or more than one.
func parseCertificate(text string) *x509.Certificate {
	if text == "" || len(text) > maxCertificate {
		return nil
	}
	plain, err := url.PathUnescape(text)
	if err != nil {
		return nil
	}
	block, rest := pem.Decode([]byte(plain))
	if block == nil || block.Type != "CERTIFICATE" || strings.TrimSpace(string(rest)) != "" {
		return nil
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return certificate
}

// addressOf returns an address that Envoy reports; nil if it is of no known kind.
func addressOf(a *corev3.Address) net.Addr {
	if pipe := a.GetPipe(); pipe != nil {
		return &net.UnixAddr{Name: pipe.GetPath(), Net: "unix"}
	}
	ip, err := netip.ParseAddr(a.GetSocketAddress().GetAddress())
	if err != nil {
		return nil
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(a.GetSocketAddress().GetPortValue())))
}

// isLoopback reports whether a connection comes from the machine on which Envoy runs.
func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}
