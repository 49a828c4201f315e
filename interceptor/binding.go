package interceptor

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// presentation returns how the token of claims c came over the connection of ctx
// at the time now. The certificate of the peer is looked for only if the token is
// bound to one (RFC 8705, section 3).
func (s *Server) presentation(ctx context.Context, c *claims.Claims, now time.Time) access.Presentation {
	p := access.Presentation{Time: now}
	if c == nil || c.Binding() == "" {
		return p
	}
	of := s.peerCertificate
	if of == nil {
		of = tlsCertificate
	}
	p.Certificate = thumbprint(of(ctx))
	return p
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
