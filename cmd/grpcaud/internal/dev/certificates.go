package dev

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// Certificates are a certificate authority, whose key is only in the process, and the
// certificates of the clients, in a folder of their own.
type Certificates struct {
	ca *testutil.CA

	mu     sync.Mutex // guards folder
	folder string     // empty until the first certificate is made
	issued int        // how many clients have one
}

// server returns the certificate of the listener.
func (c *Certificates) server() tls.Certificate {
	return c.ca.Certificate("127.0.0.1", "::1", "localhost")
}

// issue makes a certificate for a client.
func (c *Certificates) issue(string) (ref access.CertificateRef, cert *x509.Certificate, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.folder == "" {
		if c.folder, err = os.MkdirTemp("", "grpcaud-dev-"); err != nil {
			return ref, nil, err
		}
		if err := os.WriteFile(c.authority(), c.ca.PEM(), 0o600); err != nil {
			return ref, nil, err
		}
	}
	pair := c.ca.Certificate("client")
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return ref, nil, err
	}
	c.issued++ // a name could lead out of the folder
	name := filepath.Join(c.folder, fmt.Sprintf("client%d", c.issued))
	ref = access.CertificateRef{File: name + ".crt", KeyFile: name + ".key"}
	if err = os.WriteFile(ref.File, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Leaf.Raw}), 0o600); err == nil {
		err = os.WriteFile(ref.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600)
	}
	return ref, pair.Leaf, err
}

// authority returns the path of the authority's certificate.
func (c *Certificates) authority() string { return filepath.Join(c.folder, "ca.pem") }

// used reports whether a client has a certificate.
func (c *Certificates) used() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.folder != ""
}

// close removes the files.
func (c *Certificates) close() error {
	if !c.used() {
		return nil
	}
	return os.RemoveAll(c.folder)
}
