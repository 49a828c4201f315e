package testutil_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
)

func TestNewIssuerPanicsOnBadURLs(t *testing.T) {
	for _, url := range []string{
		"", "idp.example.com", "ftp://idp.example.com", "https://", "https://idp.example.com?", "https://idp.example.com/#x",
		"https://user@idp.example.com", "https://idp.example.com/%zz",
	} {
		t.Run(url, func(t *testing.T) {
			mustPanic(t, func() { testutil.NewIssuer(url) })
		})
	}
}

func TestDiscoveryDocument(t *testing.T) {
	tests := []struct {
		name, issuer, document, jwks string
	}{
		{"host", "https://idp.example.com", "https://idp.example.com/.well-known/openid-configuration", "https://idp.example.com/jwks"},
		{"path", issuerURL, issuerURL + "/.well-known/openid-configuration", issuerURL + "/jwks"},
		{"trailing slash", "https://idp.example.com/", "https://idp.example.com/.well-known/openid-configuration", "https://idp.example.com/jwks"},
		{"path and slash", "https://idp.example.com/a/", "https://idp.example.com/a/.well-known/openid-configuration", "https://idp.example.com/a/jwks"},
		{"RFC 8414", "https://idp.example.com", "https://idp.example.com/.well-known/oauth-authorization-server", "https://idp.example.com/jwks"},
		{"RFC 8414 path", issuerURL, "https://idp.example.com/.well-known/oauth-authorization-server/realms/corp", issuerURL + "/jwks"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			issuer := testutil.NewIssuer(tt.issuer)
			got := get(t, issuer, tt.document).json(t)
			if got["issuer"] != tt.issuer || got["jwks_uri"] != tt.jwks {
				t.Errorf("issuer %v, jwks_uri %v; want %v, %v", got["issuer"], got["jwks_uri"], tt.issuer, tt.jwks)
			}
			if n := issuer.Requests(testutil.Discovery); n != 1 {
				t.Errorf("Requests(Discovery) = %d, want 1", n)
			}
			if status := get(t, issuer, tt.jwks).status; status != http.StatusOK {
				t.Errorf("GET %s = %d, want 200", tt.jwks, status)
			}
		})
	}
}

func TestUnknownPathIsNotFound(t *testing.T) {
	issuer := corp()
	for _, path := range []string{"", "/", "/nothing", "//jwks", "/jwks/"} {
		if got := get(t, issuer, issuerURL+path).status; got != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", issuerURL+path, got)
		}
	}
	if got := issuer.Requests(testutil.JWKS); got != 0 {
		t.Errorf("Requests(JWKS) = %d, want 0", got)
	}
}

// kids returns the key ids that the issuer publishes, in order.
func kids(t *testing.T, issuer *testutil.Issuer) []string {
	t.Helper()
	var ids []string
	for _, k := range get(t, issuer, issuerURL+"/jwks").json(t)["keys"].([]any) {
		ids = append(ids, k.(map[string]any)["kid"].(string))
	}
	return ids
}

func TestRotateAndRetireKeys(t *testing.T) {
	issuer := testutil.NewIssuer(issuerURL)
	first := kids(t, issuer)[0]
	second := issuer.Rotate("RS256")
	third := testutil.NewKey("EdDSA").As("third", "EdDSA")
	issuer.Use(third)

	if got, want := kids(t, issuer), []string{"third", second.ID(), first}; !slices.Equal(got, want) {
		t.Errorf("published kids = %v, want %v", got, want)
	}
	if got := part(t, issuer.Mint(nil), 0)["kid"]; got != "third" {
		t.Errorf("kid of a new token = %v, want third", got)
	}
	document := get(t, issuer, issuerURL+"/.well-known/openid-configuration").json(t)
	algs := []any{"EdDSA", "RS256", "ES256"}
	if diff := cmp.Diff(algs, document["id_token_signing_alg_values_supported"]); diff != "" {
		t.Errorf("published algorithms (-want +got):\n%s", diff)
	}
	issuer.Retire()
	if got := kids(t, issuer); !slices.Equal(got, []string{"third"}) {
		t.Errorf("published kids after Retire = %v, want [third]", got)
	}
}

func TestSetJWKSPublishesAnyDocument(t *testing.T) {
	issuer := testutil.NewIssuer(issuerURL, testutil.KeysMaxAge(time.Minute))
	issuer.SetJWKS([]byte("<html>"))
	got := get(t, issuer, issuerURL+"/jwks")
	if got.body != "<html>" || got.header.Get("Cache-Control") != "max-age=60" {
		t.Errorf("JWKS = %q with %q", got.body, got.header.Get("Cache-Control"))
	}
	issuer.SetJWKS(nil)
	if got := kids(t, issuer); len(got) != 1 {
		t.Error("SetJWKS(nil) does not bring the keys back")
	}
}

func TestDownRefusesConnections(t *testing.T) {
	issuer := corp()
	issuer.Down()
	if _, err := issuer.Transport().RoundTrip(request(t, http.MethodGet, issuerURL+"/jwks", "")); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("while down: got %v, want connection refused", err)
	}
	if got := issuer.Requests(testutil.JWKS); got != 1 {
		t.Errorf("Requests(JWKS) while down = %d, want 1", got)
	}
	issuer.Up()
	if got := get(t, issuer, issuerURL+"/jwks").status; got != http.StatusOK {
		t.Errorf("GET after Up = %d, want 200", got)
	}
}

// TestServeHTTPAbortsWhileDown uses the issuer as a plain handler.
func TestServeHTTPAbortsWhileDown(t *testing.T) {
	issuer := corp()
	issuer.Down()
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("panic = %v, want ErrAbortHandler", got)
		}
	}()
	issuer.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/realms/corp/jwks", nil))
}

func TestIssuerIsSafeForConcurrentUse(t *testing.T) {
	issuer := corp()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			issuer.Rotate("ES256")
			issuer.Fault(testutil.Introspection, testutil.RespondStatus(http.StatusTeapot))
			issuer.Register(testutil.Client{ID: "human-resource", Secret: "s3cret"})
			post(t, issuer, testutil.Token, "customer-portal", "s3cret", form("grant_type", "client_credentials", "audience", "order-status"))
			issuer.Mint(nil)
			issuer.Retire()
		})
	}
	all.Wait()
	if got := issuer.Requests(testutil.Token); got != 8 {
		t.Errorf("Requests(Token) = %d, want 8", got)
	}
}
