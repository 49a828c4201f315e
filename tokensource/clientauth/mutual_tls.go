package clientauth

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"sync"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/internal/secretfile"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/internal/authmethod"
)

// MutualTLS authenticates the client by the certificate that it presents on the
// connection to the issuer (RFC 8705, section 2): tls_client_auth and
// self_signed_tls_client_auth. CertFile holds the certificate and the intermediate
// ones, keyFile its private key, both as PEM. Once the files change, new connections
// present the new certificate, and no request uses an old connection. If the
// issuer's metadata has an endpoint for mutual TLS (RFC 8705, section 5), requests
// go there; it must be on the host of the metadata or on a subdomain of it, at any
// port.
//
// A [tokensource.Transport] beside it must be an [*http.Transport]. It is cloned,
// and the client certificates that it had are not presented.
func MutualTLS(id, certFile, keyFile string) tokensource.ClientAuth {
	return &mutualTLS{id: id, certFile: certFile, keyFile: keyFile}
}

// mutualTLS implements [authmethod.ConnectionMethod].
type mutualTLS struct{ id, certFile, keyFile string }

func (m *mutualTLS) Check() error {
	return required("client id", m.id, "path of the certificate", m.certFile, "path of the certificate's key", m.keyFile)
}

func (m *mutualTLS) Names() []string {
	return []string{"tls_client_auth", "self_signed_tls_client_auth"}
}

func (m *mutualTLS) Authenticate(_ context.Context, r *authmethod.Request) error {
	r.Config.ClientID, r.Config.AuthStyle = m.id, oauth2.AuthStyleInParams
	return nil
}

func (m *mutualTLS) Transport(base *http.Transport) authmethod.Transport {
	return &certificateTransport{files: m, base: base}
}

// certificateTransport presents the certificate that the files hold now. Each
// certificate has connections of its own.
type certificateTransport struct {
	files *mutualTLS
	base  *http.Transport

	mu        sync.Mutex // guards the certificate in use
	cert, key string     // the text of the files
	current   *http.Transport
}

// RoundTrip implements [http.RoundTripper].
func (t *certificateTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	transport, err := t.transport()
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	return transport.RoundTrip(r)
}

// transport returns the transport for the certificate in the files.
func (t *certificateTransport) transport() (*http.Transport, error) {
	cert, err := secretfile.Read(t.files.certFile)
	if err != nil {
		return nil, fmt.Errorf("%w: client certificate: %w", tokensource.ErrUnavailable, err)
	}
	key, err := secretfile.Read(t.files.keyFile)
	if err != nil {
		return nil, fmt.Errorf("%w: client certificate's key: %w", tokensource.ErrUnavailable, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil && cert == t.cert && key == t.key {
		return t.current, nil
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		return nil, fmt.Errorf("%w: %s and %s hold no certificate with its private key", tokensource.ErrUnavailable, t.files.certFile, t.files.keyFile)
	}
	t.closeLocked()
	t.cert, t.key, t.current = cert, key, t.base.Clone()
	if t.current.TLSClientConfig == nil {
		t.current.TLSClientConfig = &tls.Config{}
	}
	// Not the field Certificates: of those, TLS presents only one that fits the
	// server's list of authorities.
	t.current.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return &pair, nil
	}
	return t.current, nil
}

// CloseIdleConnections closes the idle connections of the current certificate.
func (t *certificateTransport) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closeLocked()
}

func (t *certificateTransport) closeLocked() {
	if t.current != nil {
		t.current.CloseIdleConnections()
	}
}
