package tokensource

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"sync"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// MutualTLS authenticates the client by the certificate that it presents on the
// connection to the issuer (RFC 8705, section 2), both by its name and by itself
// (tls_client_auth and self_signed_tls_client_auth). CertFile holds the certificate
// and those between it and its root, keyFile its private key, both PEM. Once they
// change, new connections present the new certificate, and no request uses an old
// connection. Where discovery names an endpoint for mutual TLS (RFC 8705, section
// 5), that one is asked; it must be on the issuer's host, at any port, or below it.
//
// A [Transport] beside it must be an [*http.Transport]; it is cloned, and the
// client certificates that it had are not presented.
func MutualTLS(id, certFile, keyFile string) ClientAuth {
	return &mutualTLS{id: id, certFile: certFile, keyFile: keyFile}
}

type mutualTLS struct{ id, certFile, keyFile string }

func (m *mutualTLS) check() error {
	return required("client id", m.id, "path of the certificate", m.certFile, "path of the certificate's key", m.keyFile)
}

func (m *mutualTLS) methods() []string {
	return []string{"tls_client_auth", "self_signed_tls_client_auth"}
}

func (m *mutualTLS) authenticate(_ context.Context, config *clientcredentials.Config, _ string) error {
	config.ClientID, config.AuthStyle = m.id, oauth2.AuthStyleInParams
	return nil
}

// presenter is a transport that presents the certificate which the files of auth
// hold now. Each pair has connections of its own.
type presenter struct {
	auth *mutualTLS
	base *http.Transport

	mu        sync.Mutex // guards what is presented
	cert, key string     // as they were read
	current   *http.Transport
}

// RoundTrip implements [http.RoundTripper].
func (p *presenter) RoundTrip(r *http.Request) (*http.Response, error) {
	t, err := p.transport()
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	return t.RoundTrip(r)
}

// transport returns the transport for the certificate in the files.
func (p *presenter) transport() (*http.Transport, error) {
	cert, err := readFile("client certificate", p.auth.certFile)
	if err != nil {
		return nil, err
	}
	key, err := readFile("client certificate's key", p.auth.keyFile)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != nil && cert == p.cert && key == p.key {
		return p.current, nil
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		return nil, fmt.Errorf("%w: %s and %s hold no certificate and its private key", ErrUnavailable, p.auth.certFile, p.auth.keyFile)
	}
	p.closeLocked()
	p.cert, p.key, p.current = cert, key, p.base.Clone()
	if p.current.TLSClientConfig == nil {
		p.current.TLSClientConfig = &tls.Config{}
	}
	// Not Certificates: of those, TLS presents only one that the server's list of
	// authorities fits.
	p.current.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return &pair, nil
	}
	return p.current, nil
}

// CloseIdleConnections ends the connections of the current certificate.
func (p *presenter) CloseIdleConnections() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closeLocked()
}

func (p *presenter) closeLocked() {
	if p.current != nil {
		p.current.CloseIdleConnections()
	}
}
