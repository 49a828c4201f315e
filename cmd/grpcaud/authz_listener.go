package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
)

// listen listens on HOST:PORT or unix:PATH. A socket that an earlier process has left is
// replaced; one that answers, or a file that is no socket, is not.
func listen(at string) (net.Listener, error) {
	path, ok := strings.CutPrefix(at, "unix:")
	if !ok {
		return net.Listen("tcp", at)
	}
	if found, err := os.Lstat(path); err == nil && found.Mode().Type() != os.ModeSocket {
		return nil, fmt.Errorf("%s is there, and is no socket: name another path", path)
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		conn.Close()
		return nil, fmt.Errorf("%s: another process listens there", path)
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	return net.Listen("unix", path)
}

// credentials returns the credentials of the server.
func (a authzOptions) credentials() (credentials.TransportCredentials, error) {
	if a.cert == "" {
		if a.clientCA != "" {
			return nil, errors.New("--client-ca needs TLS: give --tls-cert and --tls-key")
		}
		return insecure.NewCredentials(), nil
	}
	cert, err := files.KeyPair(a.cert, a.key)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if a.clientCA != "" {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		if err := files.AddCertificates(config.ClientCAs, a.clientCA); err != nil {
			return nil, err
		}
	}
	return credentials.NewTLS(config), nil
}
