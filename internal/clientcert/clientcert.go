// Package clientcert presents a certificate that is kept in files to an authorization
// server (RFC 8705, section 2).
package clientcert

import (
	"crypto/tls"
	"fmt"
	"net/http"

	"github.com/grpcaud/grpcaud/internal/secretfile"
	"github.com/grpcaud/grpcaud/internal/webclient"
)

// Transport presents the certificate that the files hold now. Each certificate has
// connections of its own. An error names the files, and nothing of their content.
type Transport = webclient.FileTransport[pair]

// pair is the text of the files.
type pair struct{ cert, key string }

// New returns a transport over clones of base. The client certificates of base are not
// presented. The files hold the certificate and the intermediate ones, and its private
// key, as PEM.
func New(base *http.Transport, certFile, keyFile string) *Transport {
	return webclient.NewFileTransport(func() (pair, error) { return read(certFile, keyFile) }, func(p pair) (webclient.Transport, error) {
		cert, err := tls.X509KeyPair([]byte(p.cert), []byte(p.key))
		if err != nil {
			return nil, fmt.Errorf("%s and %s hold no certificate with its private key", certFile, keyFile)
		}
		return presenting(base, &cert), nil
	})
}

func read(certFile, keyFile string) (pair, error) {
	cert, err := secretfile.Read(certFile)
	if err != nil {
		return pair{}, fmt.Errorf("client certificate: %w", err)
	}
	key, err := secretfile.Read(keyFile)
	if err != nil {
		return pair{}, fmt.Errorf("client certificate's key: %w", err)
	}
	return pair{cert, key}, nil
}

// presenting returns a clone of base that presents cert.
func presenting(base *http.Transport, cert *tls.Certificate) *http.Transport {
	transport := base.Clone()
	if transport.TLSClientConfig == nil {
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	// Not the field Certificates: of those, TLS presents only one that fits the
	// server's list of authorities.
	transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return cert, nil
	}
	return transport
}
