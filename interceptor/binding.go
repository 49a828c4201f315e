package interceptor

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// bound holds a token to the certificate that it is bound to, if it is (RFC
// 8705, section 3). Only then is there one to look for; whether it must be is
// among what [access.Rule.Judge] asks.
func (s *Server) bound(ctx context.Context, rule *access.Rule, c *claims.Claims) error {
	if c.Binding() == "" {
		return nil
	}
	of := s.peerCertificate
	if of == nil {
		of = tlsCertificate
	}
	return rule.CheckBinding(c, thumbprint(of(ctx)))
}

// thumbprint returns what x5t#S256 says of a certificate (RFC 8705, section
// 3.1); empty for none.
func thumbprint(cert *x509.Certificate) string {
	if cert == nil {
		return ""
	}
	sum := sha256.Sum256(cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
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
