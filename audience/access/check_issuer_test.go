package access_test

import (
	"slices"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestNewRefusesAddresses holds that an issuer is reached by https alone, and
// that its addresses hold nothing beside.
func TestNewRefusesAddresses(t *testing.T) {
	for _, row := range []struct {
		issuer access.Issuer
		want   string
	}{
		{access.Issuer{URL: "https://idp.example.com#x"}, "neither query"},
		{access.Issuer{URL: "https://idp.example.com?"}, "neither query"},
		{access.Issuer{URL: "https://me@idp.example.com"}, "neither query"},
		{access.Issuer{URL: "https://idp.example.com/a b"}, "is not an absolute URL"},
		{access.Issuer{URL: "https://idp.example.com/\x7f"}, "is not an absolute URL"},
		{access.Issuer{URL: "https:///realms/corp"}, "is not an absolute URL"},
		{access.Issuer{URL: "ftp://idp.example.com"}, "is not https"},
		{access.Issuer{URL: "http://127.0.0.1:8080"}, "is not https"},
		{access.Issuer{URL: "ftp://127.0.0.1", InsecureLoopback: true}, "is not https"},
		{access.Issuer{URL: "http://10.0.0.1", InsecureLoopback: true}, "is not https"},
		{access.Issuer{URL: "http://0.0.0.0", InsecureLoopback: true}, "is not https"},
		{access.Issuer{URL: "http://localhost.example", InsecureLoopback: true}, "is not https"},
		{access.Issuer{URL: corp, Discovery: "http://idp.example"}, "issuers.corp.discovery"},
		{access.Issuer{URL: corp, JWKS: corp + "/jwks?v=1"}, "issuers.corp.jwks"},
	} {
		newRefuses(t, func(m *access.Matrix) { m.Issuers["corp"] = row.issuer }, row.want)
	}
}

// TestLoopbackIssuer holds that plain http is accepted within the machine.
func TestLoopbackIssuer(t *testing.T) {
	for _, url := range []string{"http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080/realms/corp"} {
		m := company()
		m.Issuers["corp"] = access.Issuer{URL: url, InsecureLoopback: true}
		if _, err := access.New(m); err != nil {
			t.Errorf("%s: New = %v", url, err)
		}
	}
}

// TestKeycloakWritesNoSlash holds that an issuer which no token of Keycloak names is
// warned of.
func TestKeycloakWritesNoSlash(t *testing.T) {
	for _, row := range []struct {
		url, preset string
		want        bool
	}{
		{"https://idp.example.com/realms/corp/", "keycloak", true},
		{"https://idp.example.com/realms/corp", "keycloak", false},
		{"https://idp.example.com/realms/corp/", "auth0", false},
	} {
		m := company()
		m.Issuers["corp"] = access.Issuer{URL: row.url, Preset: row.preset}
		policy, err := access.New(m)
		if err != nil {
			t.Fatal(err)
		}
		const want = `issuers.corp.url: Keycloak writes no slash at the end of iss: want "https://idp.example.com/realms/corp"`
		got := slices.ContainsFunc(policy.Warnings(), func(p *access.Problem) bool { return p.Error() == want })
		if got != row.want {
			t.Errorf("%s, preset %s: warned = %t, want %t", row.url, row.preset, got, row.want)
		}
	}
}
