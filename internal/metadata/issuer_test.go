package metadata_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/internal/metadata"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// TestEndpointOnAnotherHost shows that a document places endpoints on other hosts only
// if the issuer's settings list them, exactly, and only over https.
func TestEndpointOnAnotherHost(t *testing.T) {
	listed := metadata.Issuer{URL: corp, Hosts: []string{"keys.example.com", "login.example.com:8443"}}
	for address, good := range map[string]bool{
		"https://keys.example.com/jwks":                  true,
		"https://keys.example.com:443/jwks":              true,
		"https://login.example.com:8443/jwks":            true,
		corp + "/jwks":                                   true,
		"https://login.example.com/jwks":                 false,
		"https://keys.example.com:8443/jwks":             false,
		"http://keys.example.com/jwks":                   false,
		"https://KEYS.example.com/jwks":                  false,
		"https://a.keys.example.com/jwks":                false,
		"https://keys.example.com.evil.example/jwks":     false,
		"https://keys.example.com@evil.example/jwks":     false,
		"https://user@keys.example.com/jwks":             false,
		"https://keys.example.com\\\\@evil.example/jwks": false,
		"https://10.0.0.1/jwks":                          false,
	} {
		for _, name := range []string{"jwks_uri", "token_endpoint", "introspection_endpoint"} {
			if got, err := endpoint(t, listed, name, address); (err == nil) != good || good && got != address {
				t.Errorf("%s %q: got %q, %v, want good = %v", name, address, got, err, good)
			}
		}
	}
}

// TestEndpointOnTheHostsOfAProvider shows which hosts the presets know of.
func TestEndpointOnTheHostsOfAProvider(t *testing.T) {
	const (
		pool    = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI"
		cluster = "https://kubernetes.default.svc.cluster.local"
		google  = "https://accounts.google.com"
		tenant  = "https://sts.windows.net/9b2f1c1e-5d0a-4b7e-8f3a-2c6d7e8f9a0b/"
	)
	for _, row := range []struct{ preset, issuer, name, address, want string }{ // want: empty if it is refused
		{"google", google, "jwks_uri", "https://www.googleapis.com/oauth2/v3/certs", "https://www.googleapis.com/oauth2/v3/certs"},
		{"google", google, "token_endpoint", "https://oauth2.googleapis.com/token", "https://oauth2.googleapis.com/token"},
		{"google", google, "jwks_uri", "https://storage.googleapis.com/bucket/jwks", ""},
		{"rfc9068", google, "jwks_uri", "https://www.googleapis.com/oauth2/v3/certs", ""},
		{"entra-v1", tenant, "jwks_uri", "https://login.microsoftonline.com/common/discovery/keys", "https://login.microsoftonline.com/common/discovery/keys"},
		{"entra-v1", tenant, "jwks_uri", "https://login.microsoftonline.com.evil.example/keys", ""},
		{"cognito", pool, "token_endpoint", "https://acme.auth.eu-west-1.amazoncognito.com/oauth2/token", "https://acme.auth.eu-west-1.amazoncognito.com/oauth2/token"},
		{"cognito", pool, "token_endpoint", "https://acme.auth.us-east-1.amazoncognito.com/oauth2/token", ""},
		{"cognito", pool, "token_endpoint", "https://a.b.auth.eu-west-1.amazoncognito.com/oauth2/token", ""},
		{"cognito", pool, "token_endpoint", "https://.auth.eu-west-1.amazoncognito.com/oauth2/token", ""},
		{"cognito", pool, "token_endpoint", "http://acme.auth.eu-west-1.amazoncognito.com/oauth2/token", ""},
		{"cognito", pool, "token_endpoint", "https://acme.auth.eu-west-1.amazoncognito.com.evil.example/oauth2/token", ""},
		{"cognito", pool, "token_endpoint", "https://login.example.com/oauth2/token", ""},
		{"cognito", pool, "jwks_uri", "https://acme.auth.eu-west-1.amazoncognito.com/keys", ""},
		{"kubernetes", cluster, "jwks_uri", "https://172.18.0.2:6443/openid/v1/jwks", cluster + "/openid/v1/jwks"},
		{"kubernetes", cluster, "jwks_uri", "https://[fd00::2]:6443/openid/v1/jwks", cluster + "/openid/v1/jwks"},
		{"kubernetes", cluster, "jwks_uri", "https://user@172.18.0.2/openid/v1/jwks", ""},
		{"kubernetes", cluster, "jwks_uri", "https://keys.example.com/openid/v1/jwks", ""},
		{"keycloak", cluster, "jwks_uri", "https://172.18.0.2:6443/openid/v1/jwks", ""},
	} {
		known, ok := provider.Lookup(row.preset)
		if !ok {
			t.Fatalf("no preset %q", row.preset)
		}
		got, err := endpoint(t, metadata.Issuer{URL: row.issuer, Addresses: known.Addresses}, row.name, row.address)
		if got != row.want || (err == nil) != (row.want != "") {
			t.Errorf("%s: %s %q: got %q, %v, want %q", row.preset, row.name, row.address, got, err, row.want)
		}
	}
}

// endpoint is what a document of i with this address yields.
func endpoint(t *testing.T, i metadata.Issuer, name, address string) (string, error) {
	t.Helper()
	d, err := metadata.Parse([]byte(`{"issuer":"`+i.URL+`","`+name+`":"`+address+`"}`), i, i.Locations()[0])
	if err != nil {
		t.Fatal(err)
	}
	return d.Endpoint(name)
}
