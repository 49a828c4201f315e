package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
)

// maxCertificates is the size of the largest file of certificates that is read,
// in bytes.
const maxCertificates = 4 << 20

// issuerCAFlag gives cmd the flag --issuer-ca.
func issuerCAFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "issuer-ca", "", "a file with certificates, in PEM, to trust beside the system's where issuers are asked")
}

// issuerWire returns what carries requests to issuers: nil, for the default, if
// no file names further authorities.
func issuerWire(path string) (http.RoundTripper, error) {
	if path == "" {
		return nil, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if err := trust(roots, path); err != nil {
		return nil, err
	}
	wire := http.DefaultTransport.(*http.Transport).Clone()
	wire.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return wire, nil
}

// trust adds the certificates in a file to a pool.
func trust(pool *x509.CertPool, path string) error {
	pem, err := read(path, maxCertificates)
	if err == nil && !pool.AppendCertsFromPEM(pem) {
		err = fmt.Errorf("%s: no certificate in it; want PEM, which begins with -----BEGIN CERTIFICATE-----", path)
	}
	return err
}

// verifierOf returns a verifier of the tokens that a guard accepts.
func verifierOf(g *access.Guard, wire http.RoundTripper) (*verifier.Verifier, error) {
	if wire == nil {
		return verifier.New(g.Issuers())
	}
	return verifier.New(g.Issuers(), verifier.Transport(wire))
}
