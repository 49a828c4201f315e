package testutil_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
)

func TestListenServesOverASocket(t *testing.T) {
	ca := testutil.NewCA()
	cert := ca.Certificate("127.0.0.1")
	for scheme, certificate := range map[string]*tls.Certificate{"http": nil, "https": &cert} {
		t.Run(scheme, func(t *testing.T) {
			issuer := corp()
			stop, base, err := issuer.Listen("127.0.0.1:0", certificate)
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			if !strings.HasPrefix(base, scheme+"://127.0.0.1:") {
				t.Fatalf("base = %q, want %s on 127.0.0.1", base, scheme)
			}
			wire := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool()}, ForceAttemptHTTP2: true}
			defer wire.CloseIdleConnections()
			client := &http.Client{Transport: wire}
			res, err := client.Get(base + "/realms/corp/.well-known/openid-configuration")
			if err != nil {
				t.Fatal(err)
			}
			var document struct{ Issuer string }
			if err := json.NewDecoder(res.Body).Decode(&document); err != nil || document.Issuer != issuerURL {
				t.Errorf("issuer = %q, %v; want %q", document.Issuer, err, issuerURL)
			}
			res.Body.Close()

			issuer.Down()
			if _, err := client.Get(base + "/realms/corp/jwks"); err == nil {
				t.Error("an issuer that is down answers")
			}
			if issuer.Requests(testutil.JWKS) == 0 {
				t.Error("Requests(JWKS) = 0 while down, want some")
			}
			issuer.Up()
			res, err = client.Get(base + "/realms/corp/jwks")
			if err != nil {
				t.Fatalf("after Up: %v", err)
			}
			res.Body.Close()
		})
	}
}

// A client proves itself with one of its certificates, and with no other.
func TestClientAuthenticatesByCertificate(t *testing.T) {
	ca := testutil.NewCA()
	cert, mine := ca.Certificate("127.0.0.1"), ca.Certificate("batch")
	issuer := corp()
	issuer.Register(testutil.Client{ID: "batch", Certificates: []*x509.Certificate{mine.Leaf}, Audiences: []string{"order-status"}})
	stop, base, err := issuer.Listen("127.0.0.1:0", &cert)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	for name, row := range map[string]struct {
		present []tls.Certificate
		client  string
		status  int
	}{
		"its own":           {[]tls.Certificate{mine}, "batch", 200},
		"of others":         {[]tls.Certificate{ca.Certificate("batch")}, "batch", 401},
		"none":              {nil, "batch", 401},
		"for others":        {[]tls.Certificate{mine}, "customer-portal", 401},
		"for nobody at all": {[]tls.Certificate{mine}, "", 401},
	} {
		wire := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), Certificates: row.present}}
		client := &http.Client{Transport: wire}
		res, err := client.PostForm(base+"/realms/corp/token", clientCredentials("audience", "order-status", "client_id", row.client))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		wire.CloseIdleConnections()
		if res.StatusCode != row.status {
			t.Errorf("%s: got %d, want %d", name, res.StatusCode, row.status)
		}
	}
}

// A token that is bound names the certificate that the client presented.
func TestBoundTokenNamesTheCertificate(t *testing.T) {
	ca := testutil.NewCA()
	cert, mine := ca.Certificate("127.0.0.1"), ca.Certificate("batch")
	issuer := corp()
	issuer.Register(testutil.Client{ID: "batch", Certificates: []*x509.Certificate{mine.Leaf}, Audiences: []string{"order-status"}, Bound: true})
	stop, base, err := issuer.Listen("127.0.0.1:0", &cert)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	wire := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), Certificates: []tls.Certificate{mine}}}
	defer wire.CloseIdleConnections()
	res, err := (&http.Client{Transport: wire}).PostForm(base+"/realms/corp/token", clientCredentials("audience", "order-status", "client_id", "batch"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var response struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&response); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(mine.Leaf.Raw)
	want := map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(digest[:])}
	if diff := cmp.Diff(any(want), part(t, response.Token, 1)["cnf"]); diff != "" {
		t.Errorf("cnf (-want +got):\n%s", diff)
	}
}

func TestListenNamesAPortInUse(t *testing.T) {
	stop, base, err := corp().Listen("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	addr := strings.TrimPrefix(base, "http://")
	if _, _, err := corp().Listen(addr, nil); err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("Listen(%s) twice: %v, want an error that names it", addr, err)
	}
}

func TestStopClosesConnections(t *testing.T) {
	issuer := corp()
	arrived := make(chan struct{})
	issuer.Fault(testutil.JWKS, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		testutil.RespondNever().ServeHTTP(w, r)
	}))
	stop, base, err := issuer.Listen("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	wire := &http.Transport{}
	defer wire.CloseIdleConnections()
	asked := make(chan error, 1)
	go func() {
		_, err := (&http.Client{Transport: wire}).Get(base + "/realms/corp/jwks")
		asked <- err
	}()
	<-arrived
	stop()
	if err := <-asked; err == nil {
		t.Error("a request outlives stop")
	}
}
