package idp

import (
	"crypto/x509"
	"embed"
	"encoding/pem"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"github.com/grpcaud/grpcaud/testutil"
)

// A site is where a server lives: a folder, and addresses on loopback. A
// server that is stopped comes back at its address, so it is not for the
// system to choose at each start.
type site struct{ dir, addr, tls string }

func newSite() (site, error) {
	dir, err := os.MkdirTemp("", "grpcaud-idp-*")
	if err != nil {
		return site{}, err
	}
	addr, err := freeAddr()
	tls, tlsErr := freeAddr()
	return site{dir, addr, tls}, errors.Join(err, tlsErr)
}

// freeAddr returns an address that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (s site) path(name string) string { return filepath.Join(s.dir, name) }

// certify writes a certificate for 127.0.0.1, its key, and the authority that
// it also trusts: tls.pem, tls.key, ca.pem.
func (s site) certify() (*testutil.CA, error) {
	ca := testutil.NewCA()
	cert := ca.Certificate("127.0.0.1")
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	return ca, errors.Join(err,
		os.WriteFile(s.path("ca.pem"), ca.PEM(), 0o600),
		writePEM(s.path("tls.pem"), "CERTIFICATE", cert.Certificate[0]),
		writePEM(s.path("tls.key"), "PRIVATE KEY", key),
	)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// copyFiles copies the files of the folder in files to dir.
func copyFiles(dir string, files embed.FS, folder string) error {
	sub, err := fs.Sub(files, folder)
	if err != nil {
		return err
	}
	return os.CopyFS(dir, sub)
}
