package verifier_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestServiceAuthenticatesToIntrospect shows how a request authenticates the service:
// with its secret in the configured place, or not at all.
func TestServiceAuthenticatesToIntrospect(t *testing.T) {
	secret := access.SecretRef{File: filepath.Join(t.TempDir(), "secret")}
	if err := os.WriteFile(secret.File, []byte("s:&cret%"), 0o600); err != nil {
		t.Fatal(err)
	}
	known := access.Introspection{ClientID: "order+status", Secret: secret}
	type sent struct{ Basic, ID, Secret string }
	for name, row := range map[string]struct {
		style string
		in    access.Introspection
		want  sent
	}{
		"default": {"", known, sent{Basic: "order%2Bstatus:s%3A%26cret%25"}},
		"basic":   {"basic", known, sent{Basic: "order%2Bstatus:s%3A%26cret%25"}},
		"post":    {"post", known, sent{ID: "order+status", Secret: "s:&cret%"}},
		"nobody":  {"post", access.Introspection{URL: corp + "/introspect", InsecureNoAuthentication: true}, sent{}},
	} {
		issuer := newOpaque(t)
		issuer.setSecret(t, "s:&cret%")
		var got sent
		answer := issuer.Alter(testutil.Introspection, func(map[string]any) {})
		issuer.Fault(testutil.Introspection, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, password, ok := r.BasicAuth()
			if ok {
				got.Basic = id + ":" + password
			}
			got.ID, got.Secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
			if row.in.InsecureNoAuthentication {
				fmt.Fprintf(w, `{"active":true,"iss":%q,"sub":"alice","client_id":"portal","aud":"order-status","exp":%d}`, corp, time.Now().Add(time.Minute).Unix())
				return
			}
			answer.ServeHTTP(w, r)
		}))
		v := verifierOf(t, []access.Issuer{{URL: corp, AuthStyle: row.style, Introspection: row.in}}, verifier.Transport(issuer.Transport()))
		if err := v.Ready(t.Context()); err != nil {
			t.Errorf("%s: Ready = %v", name, err)
		}
		_, err := v.Verify(t.Context(), issuer.token())
		want(t, name, err, "")
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: sent (-want +got):\n%s", name, diff)
		}
	}
}

// TestIntrospectionWithoutAuthenticationIsRefused shows that requests without
// authentication must be configured explicitly.
func TestIntrospectionWithoutAuthenticationIsRefused(t *testing.T) {
	secret, cert := access.SecretRef{Env: "E"}, access.CertificateRef{File: "c", KeyFile: "k"}
	for name, in := range map[string]access.Introspection{
		"no way":                           {URL: corp + "/introspect", ClientID: "order-status"},
		"two ways":                         {ClientID: "order-status", Secret: secret, Certificate: cert},
		"a secret and nobody":              {URL: corp + "/introspect", Secret: secret, InsecureNoAuthentication: true},
		"a certificate and nobody":         {URL: corp + "/introspect", Certificate: cert, InsecureNoAuthentication: true},
		"a client and nobody":              {URL: corp + "/introspect", ClientID: "order-status", InsecureNoAuthentication: true},
		"nobody, nowhere":                  {InsecureNoAuthentication: true},
		"a secret without a client":        {Secret: secret},
		"a certificate without a client":   {Certificate: cert},
		"a certificate, another transport": {ClientID: "order-status", Certificate: cert},
	} {
		_, err := verifier.New([]access.Issuer{{URL: corp, Introspection: in}}, verifier.Transport(newIssuer().Transport()))
		if err == nil || !strings.Contains(err.Error(), "introspection") {
			t.Errorf("%s: New = %v, want an error", name, err)
		}
	}
}

// certificates writes certificates and their keys to the files of order-status.
type certificates struct {
	ca   *testutil.CA
	refs access.CertificateRef
}

func (c certificates) write(t *testing.T, cert tls.Certificate) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		c.refs.File:    {Type: "CERTIFICATE", Bytes: cert.Certificate[0]},
		c.refs.KeyFile: {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestIntrospectionByCertificate shows that a request goes to the endpoint for
// certificates, with the certificate that is in the files now, and without a secret.
func TestIntrospectionByCertificate(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	issuer := testutil.NewIssuer(corp, testutil.MutualTLSAlias("https://mtls.idp.example.com"))
	c := certificates{testutil.NewCA(), access.CertificateRef{File: filepath.Join(t.TempDir(), "c"), KeyFile: filepath.Join(t.TempDir(), "k")}}
	server := c.ca.Certificate("idp.example.com", "mtls.idp.example.com")
	stop, base, err := issuer.Listen("127.0.0.1:0", &server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	var dialed []string
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: c.ca.Pool()},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dialed = append(dialed, addr)
			return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(base, "https://"))
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	issuer.Register(testutil.Client{ID: "customer-portal", Secret: "x", Opaque: true})
	v := verifierOf(t, []access.Issuer{{URL: corp, Introspection: access.Introspection{ClientID: "order-status", Certificate: c.refs}}},
		verifier.Transport(transport), verifier.IntrospectionTTL(0))

	if err := v.Ready(ctx); err == nil || !strings.Contains(err.Error(), c.refs.File) {
		t.Errorf("no files: Ready = %v, want it to name one", err)
	}
	first, second := c.ca.Certificate("order-status"), c.ca.Certificate("order-status")
	for _, cert := range []tls.Certificate{first, second} {
		c.write(t, cert)
		issuer.Register(testutil.Client{ID: "order-status", Certificates: []*x509.Certificate{cert.Leaf}})
		if err := v.Ready(ctx); err != nil {
			t.Errorf("Ready = %v", err)
		}
		_, err = v.Verify(ctx, issuer.User("customer-portal", "alice", "order-status"))
		want(t, "by the certificate in the files", err, "")
	}
	issuer.Register(testutil.Client{ID: "order-status", Certificates: []*x509.Certificate{first.Leaf}})
	_, err = v.Verify(ctx, issuer.User("customer-portal", "bob", "order-status"))
	want(t, "by a certificate of nobody", err, audience.CauseIntrospectionUnavailable)
	if last := dialed[len(dialed)-1]; last != "mtls.idp.example.com:443" {
		t.Errorf("asked %s, want the endpoint for certificates", last)
	}
}

// TestCertificateNeedsTLS shows that no request is sent without authentication because
// the endpoint does not use TLS.
func TestCertificateNeedsTLS(t *testing.T) {
	const local = "http://127.0.0.1:1/realms/corp"
	in := access.Introspection{URL: local + "/introspect", ClientID: "order-status", Certificate: access.CertificateRef{File: "c", KeyFile: "k"}}
	v := verifierOf(t, []access.Issuer{{URL: local, InsecureLoopback: true, Introspection: in}}, verifier.Transport(&http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		t.Error("the endpoint was dialled")
		return nil, errors.New("no network here")
	}}))
	_, err := v.Verify(t.Context(), "an-opaque-token")
	want(t, "over plain http", err, audience.CauseIntrospectionUnavailable)
	if err == nil || !strings.Contains(err.Error(), "over https alone") {
		t.Errorf("Verify = %v, want it to say that TLS is needed", err)
	}
}
