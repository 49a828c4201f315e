package overhttp

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// These are names of headers in the form of [http.CanonicalHeaderKey].
const (
	authorization = "Authorization"
	requestID     = "X-Request-Id"
)

// A CertificateFunc returns the certificate that the client of a request proved to hold;
// nil if there is none.
type CertificateFunc func(*http.Request) *x509.Certificate

// TLSCertificate returns the client's certificate of the connection.
func TLSCertificate(r *http.Request) *x509.Certificate {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil
	}
	return r.TLS.PeerCertificates[0]
}

// RequestOf returns the request that package admission decides about.
func RequestOf(r *http.Request, method string, certificate CertificateFunc) *admission.Request {
	return &admission.Request{
		Method: method, Credentials: r.Header[authorization], RequestID: onlyValue(r.Header[requestID]),
		Peer: admission.Peer{
			Addr: address(r.RemoteAddr), UserAgent: r.UserAgent(), Connection: connectionOf(r),
			Certificate: func(context.Context) *x509.Certificate { return certificate(r) },
		},
	}
}

// onlyValue returns the value if there is exactly one, and otherwise the empty string.
func onlyValue(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// address is the address of a peer as net/http knows it.
type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

// connectionOf says who else can read a connection. It is judged by what net/http itself
// knows of it. No header counts, and the peer's address, which some middleware replaces
// by what a header says, does not count alone.
func connectionOf(r *http.Request) admission.Connection {
	if r.TLS != nil {
		return admission.PrivateConnection
	}
	local, known := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	switch {
	case !known:
		return admission.UnknownConnection
	case local.Network() == "unix", isLoopback(local.String()) && isLoopback(r.RemoteAddr):
		return admission.LoopbackConnection
	default:
		return admission.PlaintextConnection
	}
}

func isLoopback(address string) bool {
	ip, err := netip.ParseAddrPort(address)
	return err == nil && ip.Addr().Unmap().IsLoopback()
}

// methodOverrides are headers by which a client asks some frameworks for another method
// than that of the request.
var methodOverrides = []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override"}

// CheckTarget returns why two servers could read different things in a request, apart
// from its path; nil if they cannot.
func CheckTarget(r *http.Request) error {
	host := r.Host
	if strings.Contains(host, ":") {
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
	}
	switch {
	case strings.HasSuffix(host, "."):
		return fmt.Errorf("the host %.100q ends with a dot", r.Host)
	case strings.ContainsFunc(host, notInHost):
		return fmt.Errorf("the host %.100q has a character that no host has", r.Host)
	case len(r.Header["Host"]) > 0:
		return errors.New("the request has both an authority and a host")
	}
	for _, name := range methodOverrides {
		if len(r.Header[name]) > 0 {
			return fmt.Errorf("the header %s asks for another method than %.20q", strings.ToLower(name), r.Method)
		}
	}
	return nil
}

// notInHost reports whether c cannot occur in a host name or in an address.
func notInHost(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune(".-_:[]", c)
}

// OtherTargets are headers by which a proxy tells the target that it received. A peer
// may have written them, and some frameworks obey them.
var OtherTargets = []string{
	"X-Original-Url", "X-Original-Uri", "X-Original-Method", "X-Rewrite-Url", "X-Envoy-Original-Path",
	"X-Forwarded-Method", "X-Forwarded-Path", "X-Forwarded-Uri",
}

// UpgradeOf returns the protocols to which a request asks to change the connection; empty
// for none. It leaves h2c out: a server may ignore the wish, and many clients send it.
func UpgradeOf(r *http.Request) string {
	var protocols []string
	for value := range strings.SplitSeq(strings.Join(r.Header["Upgrade"], ","), ",") {
		if value = strings.TrimSpace(value); value != "" && !strings.EqualFold(value, "h2c") {
			protocols = append(protocols, value)
		}
	}
	return strings.Join(slices.Compact(protocols), ", ")
}
