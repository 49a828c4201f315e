// Package clientcert presents a certificate that is kept in files to an authorization
// server (RFC 8705, section 2).
package clientcert

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"sync"

	"github.com/grpcaud/grpcaud/internal/secretfile"
)

// Transport presents the certificate that the files hold now. Each certificate has
// connections of its own. It is safe for concurrent use.
type Transport struct {
	base              *http.Transport
	certFile, keyFile string

	mu        sync.Mutex // guards the certificate in use
	cert, key string     // the text of the files
	current   *http.Transport
}

// New returns a transport over clones of base. The client certificates of base are not
// presented. The files are read for each request: the certificate and the intermediate
// ones, and its private key, as PEM.
func New(base *http.Transport, certFile, keyFile string) *Transport {
	return &Transport{base: base, certFile: certFile, keyFile: keyFile}
}

// RoundTrip implements [http.RoundTripper]. If the files hold no certificate with its
// key, nothing is sent; the error names them, and nothing of their content.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	transport, err := t.transport()
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	return transport.RoundTrip(r)
}

// Ready reports whether the files hold a certificate with its key.
func (t *Transport) Ready() error {
	_, err := t.transport()
	return err
}

// transport returns the transport for the certificate in the files.
func (t *Transport) transport() (*http.Transport, error) {
	cert, err := secretfile.Read(t.certFile)
	if err != nil {
		return nil, fmt.Errorf("client certificate: %w", err)
	}
	key, err := secretfile.Read(t.keyFile)
	if err != nil {
		return nil, fmt.Errorf("client certificate's key: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil && cert == t.cert && key == t.key {
		return t.current, nil
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		return nil, fmt.Errorf("%s and %s hold no certificate with its private key", t.certFile, t.keyFile)
	}
	t.closeLocked()
	t.cert, t.key, t.current = cert, key, t.base.Clone()
	if t.current.TLSClientConfig == nil {
		t.current.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	// Not the field Certificates: of those, TLS presents only one that fits the
	// server's list of authorities.
	t.current.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return &pair, nil
	}
	return t.current, nil
}

// CloseIdleConnections closes the idle connections of the current certificate.
func (t *Transport) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closeLocked()
}

func (t *Transport) closeLocked() {
	if t.current != nil {
		t.current.CloseIdleConnections()
	}
}
