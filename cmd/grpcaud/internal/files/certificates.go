package files

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"

	"github.com/grpcaud/grpcaud/internal/regularfile"
	"github.com/grpcaud/grpcaud/internal/webclient"
)

// maxCertificates is the size of the largest file that is read, in bytes.
const maxCertificates = 4 << 20

// IssuerTransport returns the transport for requests to issuers, which also trusts the
// certificates in the file at path. Without a path it is nil, for the default.
func IssuerTransport(path string) (http.RoundTripper, error) {
	if path == "" {
		return nil, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if err := AddCertificates(roots, path); err != nil {
		return nil, err
	}
	transport := webclient.DirectHTTP(http.DefaultTransport.(*http.Transport).Clone())
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return transport, nil
}

// AddCertificates adds the certificates in a file to a pool.
func AddCertificates(pool *x509.CertPool, path string) error {
	pem, err := regularfile.Read(path, maxCertificates)
	if err == nil && !pool.AppendCertsFromPEM(pem) {
		err = fmt.Errorf("%s: no certificate in it; want PEM, which begins with -----BEGIN CERTIFICATE-----", path)
	}
	return err
}

// KeyPair reads a certificate and its key.
func KeyPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := regularfile.Read(certFile, maxCertificates)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := regularfile.Read(keyFile, maxCertificates)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("%s and %s: %w", certFile, keyFile, err)
	}
	return pair, nil
}
