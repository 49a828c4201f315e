package webclient

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"sync"

	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// Transport carries requests over connections of its own.
type Transport interface {
	http.RoundTripper
	CloseIdleConnections()
}

// maxAuthorities is the size of the largest file of authorities, in bytes.
const maxAuthorities = 4 << 20

// TrustFile returns a transport that trusts the certificate authorities in the PEM
// file at path, and no others; nothing else differs from base, which is cloned. The
// file is read at each request, and a request does not use a connection that was made
// under an earlier content. A file without a certificate, or that cannot be read,
// fails the request. use, unless nil, makes the transport of requests from one that
// trusts the authorities.
func TrustFile(path string, base *http.Transport, use func(*http.Transport) Transport) Transport {
	if use == nil {
		use = func(t *http.Transport) Transport { return t }
	}
	return &trustFile{path: path, base: base, use: use}
}

type trustFile struct {
	path string
	base *http.Transport
	use  func(*http.Transport) Transport

	mu      sync.Mutex // guards what follows
	pem     string     // the content of the file
	current Transport  // for it; nil before the first request
}

// RoundTrip implements [http.RoundTripper].
func (t *trustFile) RoundTrip(r *http.Request) (*http.Response, error) {
	transport, err := t.transport()
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	return transport.RoundTrip(r)
}

// transport returns the transport for the authorities in the file.
func (t *trustFile) transport() (Transport, error) {
	pem, err := regularfile.Read(t.path, maxAuthorities)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil && t.pem == string(pem) {
		return t.current, nil
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file: %s: no certificate in it; want PEM, which begins with -----BEGIN CERTIFICATE-----", t.path)
	}
	trusting := t.base.Clone()
	if trusting.TLSClientConfig == nil {
		trusting.TLSClientConfig = &tls.Config{}
	}
	trusting.TLSClientConfig.RootCAs = roots
	t.closeLocked()
	t.pem, t.current = string(pem), t.use(trusting)
	return t.current, nil
}

// CloseIdleConnections closes the idle connections of the current transport.
func (t *trustFile) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closeLocked()
}

func (t *trustFile) closeLocked() {
	if t.current != nil {
		t.current.CloseIdleConnections()
	}
}
