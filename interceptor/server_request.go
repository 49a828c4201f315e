package interceptor

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"strings"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/grpcaud/grpcaud/internal/admission"
)

const (
	requestIDKey = "x-request-id"
	userAgentKey = "user-agent"
)

// requestOf returns the request that package admission decides about. md is the call's
// metadata.
func (s *Server) requestOf(ctx context.Context, md metadata.MD, method string, shape admission.Shape) *admission.Request {
	return &admission.Request{
		Method: method, Shape: shape, Credentials: md[authorization], Peer: s.peerOf(ctx, md), RequestID: requestIDIn(md),
	}
}

// authorizationValues returns the authorization values of a call.
func authorizationValues(ctx context.Context) []string {
	return metadata.ValueFromIncomingContext(ctx, authorization)
}

// peerOf returns what is known of the peer of a call.
func (s *Server) peerOf(ctx context.Context, md metadata.MD) admission.Peer {
	of := admission.Peer{UserAgent: userAgentIn(md), Certificate: s.peerCertificate}
	p, ok := peer.FromContext(ctx)
	if !ok {
		return of
	}
	of.Addr = p.Addr
	switch {
	case private(p.AuthInfo):
		of.Connection = admission.PrivateConnection
	case fromLoopback(p.Addr):
		of.Connection = admission.LoopbackConnection
	default:
		of.Connection = admission.PlaintextConnection
	}
	return of
}

// fromLoopback reports whether a connection comes from this machine: from a loopback
// address, or over a unix socket.
func fromLoopback(addr net.Addr) bool {
	if addr == nil {
		return false
	}
	ip, err := netip.ParseAddrPort(addr.String())
	return addr.Network() == "unix" || err == nil && ip.Addr().Unmap().IsLoopback()
}

// tlsCertificate returns the certificate that the peer proved to hold when the
// connection was made.
func tlsCertificate(ctx context.Context) *x509.Certificate {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.PeerCertificates) == 0 {
		return nil
	}
	return info.State.PeerCertificates[0]
}

// userAgentIn returns the user agent that the peer sent. It is not verified.
func userAgentIn(md metadata.MD) string { return strings.Join(md[userAgentKey], " ") }

// RequestID returns the id that the peer gave the call of ctx, from x-request-id in
// its metadata. Use it in the handler's own log, and in the record of a job
// ([audience.Caller.Record]). It is empty if the peer sent no id or several, or if
// the id is longer than 128 bytes or has characters other than letters, digits, dots,
// hyphens and underscores.
func RequestID(ctx context.Context) string {
	return admission.CleanID(onlyValue(metadata.ValueFromIncomingContext(ctx, requestIDKey)))
}

func requestIDIn(md metadata.MD) string { return onlyValue(md[requestIDKey]) }

// onlyValue returns the value if there is exactly one, and otherwise the empty string.
func onlyValue(values []string) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}
