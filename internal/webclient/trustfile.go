package webclient

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"

	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// maxAuthorities is the size of the largest file of authorities, in bytes.
const maxAuthorities = 4 << 20

// TrustFile returns a transport that trusts the certificate authorities in the PEM
// file at path, and no others; nothing else differs from base, which is cloned. A file
// without a certificate fails the request. use, unless nil, makes the transport of
// requests from one that trusts the authorities.
func TrustFile(path string, base *http.Transport, use func(*http.Transport) Transport) Transport {
	if use == nil {
		use = func(t *http.Transport) Transport { return t }
	}
	read := func() (string, error) {
		pem, err := regularfile.Read(path, maxAuthorities)
		if err != nil {
			return "", fmt.Errorf("ca_file: %w", err)
		}
		return string(pem), nil
	}
	return NewFileTransport(read, func(pem string) (Transport, error) {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(pem)) {
			return nil, fmt.Errorf("ca_file: %s: no certificate in it; want PEM, which begins with -----BEGIN CERTIFICATE-----", path)
		}
		trusting := base.Clone()
		if trusting.TLSClientConfig == nil {
			trusting.TLSClientConfig = &tls.Config{}
		}
		trusting.TLSClientConfig.RootCAs = roots
		return use(trusting), nil
	})
}
