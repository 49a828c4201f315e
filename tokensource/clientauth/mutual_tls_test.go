package clientauth_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/clientauth"
)

const alias = "https://mtls.idp.example.com"

// listening is an issuer on a socket that takes certificates, and the client's
// transport to it.
type listening struct {
	*testutil.Issuer
	ca        *testutil.CA
	transport *http.Transport

	mu     sync.Mutex
	dialed []string
}

func listen(t *testing.T, opts ...testutil.Option) *listening {
	t.Helper()
	l := &listening{Issuer: testutil.NewIssuer(issuer, opts...), ca: testutil.NewCA()}
	cert := l.ca.Certificate("idp.example.com", "mtls.idp.example.com", "evil.example.com", "evilidp.example.com")
	stop, base, err := l.Listen("127.0.0.1:0", &cert)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	l.transport = &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: l.ca.Pool()},
		ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			l.mu.Lock()
			l.dialed = append(l.dialed, addr)
			l.mu.Unlock()
			return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(base, "https://"))
		},
	}
	return l
}

// dials returns how often the client has dialled host.
func (l *listening) dials(host string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, addr := range l.dialed {
		if addr == host+":443" {
			n++
		}
	}
	return n
}

// admit registers these certificates as the client's.
func (l *listening) admit(certificates ...tls.Certificate) {
	c := testutil.Client{ID: client, Audiences: []string{"order-status", "human-resource", "payroll"}}
	for _, cert := range certificates {
		c.Certificates = append(c.Certificates, cert.Leaf)
	}
	l.Register(c)
}

// pair writes a certificate and its key.
func pair(t *testing.T, cert tls.Certificate, certFile, keyFile string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	write(t, keyFile, encoded(t, "PRIVATE KEY", der, err))
	write(t, certFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})))
}

func TestClientCertificateIsPresented(t *testing.T) {
	for name, opts := range map[string][]testutil.Option{"issuer": nil, "alias": {testutil.MutualTLSAlias(alias)}} {
		t.Run(name, func(t *testing.T) {
			idp := listen(t, opts...)
			certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
			first, second := idp.ca.Certificate("backoffice"), idp.ca.Certificate("backoffice")
			idp.admit(first)
			pair(t, first, certFile, keyFile)
			s := open(t, clientauth.MutualTLS(client, certFile, keyFile), idp.transport)
			if _, err := s.Token(t.Context(), orders); err != nil {
				t.Fatal(err)
			}
			if got, want := idp.dials("mtls.idp.example.com"), len(opts); got != want {
				t.Errorf("got %d connections to the alias, want %d", got, want)
			}

			idp.admit(second)
			_, err := s.Token(t.Context(), tokensource.Request{Audience: "payroll"})
			if !errors.Is(err, tokensource.ErrRefused) {
				t.Errorf("another certificate: got %v, want ErrRefused", err)
			}
			pair(t, second, certFile, keyFile)
			if _, err := s.Token(t.Context(), tokensource.Request{Audience: "human-resource"}); err != nil {
				t.Errorf("after the change: %v", err)
			}
		})
	}
}

func TestConnectionIsReusedWhileTheCertificateIsTheSame(t *testing.T) {
	idp := listen(t)
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	cert := idp.ca.Certificate("backoffice")
	idp.admit(cert)
	pair(t, cert, certFile, keyFile)
	s := open(t, clientauth.MutualTLS(client, certFile, keyFile), idp.transport)
	for _, audience := range []string{"order-status", "human-resource", "payroll"} {
		if _, err := s.Token(t.Context(), tokensource.Request{Audience: audience}); err != nil {
			t.Fatal(err)
		}
	}
	if got := idp.dials("idp.example.com"); got != 1 {
		t.Errorf("got %d connections, want 1", got)
	}
}

func TestUnusableCertificatesAreUnavailable(t *testing.T) {
	idp := listen(t)
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	cert := idp.ca.Certificate("backoffice")
	idp.admit(cert)
	auth := clientauth.MutualTLS(client, certFile, keyFile)

	if _, err := tokensource.New(issuer, auth, tokensource.Transport(&wire{})); err == nil || !strings.Contains(err.Error(), "*http.Transport") {
		t.Errorf("a transport that cannot present: got %v", err)
	}
	for name, prepare := range map[string]func(){
		"no files":       func() {},
		"no key":         func() { pair(t, cert, certFile, filepath.Join(t.TempDir(), "elsewhere")) },
		"key of another": func() { pair(t, idp.ca.Certificate("x"), file(t, ""), keyFile) },
	} {
		prepare()
		_, err := open(t, auth, idp.transport).Token(t.Context(), orders)
		if !errors.Is(err, tokensource.ErrUnavailable) || !strings.Contains(err.Error(), filepath.Dir(keyFile)) && !strings.Contains(err.Error(), certFile) {
			t.Errorf("%s: got %v, want ErrUnavailable and the path", name, err)
		}
	}
	pair(t, cert, certFile, keyFile)
	if _, err := open(t, auth, idp.transport).Token(t.Context(), orders); err != nil {
		t.Errorf("mended: %v", err)
	}
}

// TestMutualTLSAlias shows that the endpoint for mutual TLS may be at another port or
// on a subdomain, and that clients with a secret do not use it.
func TestMutualTLSAlias(t *testing.T) {
	for at, good := range map[string]bool{
		alias: true, "https://idp.example.com:8443": true,
		"https://evil.example.com": false, "https://evilidp.example.com": false, "http://mtls.idp.example.com": false,
	} {
		idp := listen(t, testutil.MutualTLSAlias(at))
		certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
		cert := idp.ca.Certificate("backoffice")
		idp.admit(cert)
		pair(t, cert, certFile, keyFile)
		_, err := open(t, clientauth.MutualTLS(client, certFile, keyFile), idp.transport).Token(t.Context(), orders)
		if good != (err == nil) || !good && !errors.Is(err, tokensource.ErrUnavailable) {
			t.Errorf("%s: got %v, want good = %v", at, err, good)
		}
		idp.Register(testutil.Client{ID: client, Secret: secret, Audiences: []string{"order-status"}})
		if _, err := open(t, tokensource.ClientCredentials(client, secret), idp.transport).Token(t.Context(), orders); err != nil {
			t.Errorf("%s, with a secret: %v", at, err)
		}
	}
}

// TestRenewedCertificateOfTheSameKeyIsPresented shows also that a transport needs no
// TLS configuration.
func TestRenewedCertificateOfTheSameKeyIsPresented(t *testing.T) {
	idp := listen(t)
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	first := idp.ca.Certificate("backoffice")
	renewed := first
	leaf := *first.Leaf
	leaf.SerialNumber = new(big.Int).Add(leaf.SerialNumber, big.NewInt(1))
	der, err := x509.CreateCertificate(rand.Reader, &leaf, &leaf, leaf.PublicKey, first.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	if renewed.Leaf, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	renewed.Certificate = [][]byte{der}
	idp.admit(first)
	pair(t, first, certFile, keyFile)
	s := open(t, clientauth.MutualTLS(client, certFile, keyFile), idp.transport)
	if _, err := s.Token(t.Context(), orders); err != nil {
		t.Fatal(err)
	}
	idp.admit(renewed)
	pair(t, renewed, certFile, keyFile)
	if _, err := s.Token(t.Context(), tokensource.Request{Audience: "payroll"}); err != nil {
		t.Errorf("renewed: %v", err)
	}
	bare := open(t, clientauth.MutualTLS(client, certFile, keyFile), &http.Transport{DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, net.ErrClosed
	}})
	if _, err := bare.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrUnavailable) {
		t.Errorf("without a TLS configuration: got %v, want ErrUnavailable", err)
	}
}
