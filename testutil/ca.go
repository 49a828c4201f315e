package testutil

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// CA is a certificate authority in memory. It and its certificates are valid for 24
// hours, from an hour before they are made. It is immutable.
type CA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewCA returns a new authority.
func NewCA() *CA { return newCA(certificate("testutil CA")) }

func newCA(template *x509.Certificate) *CA {
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	ca := &CA{cert: template}
	ca.cert, ca.key = ca.issue(template)
	return ca
}

// Certificate returns a certificate, for a server or a client, for DNS names
// and IP addresses.
func (ca *CA) Certificate(names ...string) tls.Certificate {
	return ca.certificate(certificate("testutil"), names)
}

func (ca *CA) certificate(template *x509.Certificate, names []string) tls.Certificate {
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	leaf, key := ca.issue(template)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
}

// Pool returns a pool that holds the authority alone.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// PEM returns the authority's certificate as programs such as curl read it.
func (ca *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
}

// issue signs template for a new key; the authority's own with that key.
func (ca *CA) issue(template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(fmt.Sprintf("testutil: certificate: %v", err))
	}
	signer := ca.key
	if template == ca.cert {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key.Public(), signer)
	if err != nil {
		panic(fmt.Sprintf("testutil: certificate: %v", err))
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(fmt.Sprintf("testutil: certificate: %v", err))
	}
	return cert, key
}

func certificate(name string) *x509.Certificate {
	from := time.Now().Add(-time.Hour)
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes([]byte(rand.Text())[:16]),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    from,
		NotAfter:     from.Add(24 * time.Hour),
	}
}
