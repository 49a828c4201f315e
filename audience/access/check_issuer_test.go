package access_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestNewRefusesAddresses shows that an issuer is reached by https alone, and
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

// TestLoopbackIssuer shows that plain http is accepted within the machine.
func TestLoopbackIssuer(t *testing.T) {
	for _, url := range []string{"http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080/realms/corp"} {
		m := company()
		m.Issuers["corp"] = access.Issuer{URL: url, InsecureLoopback: true}
		if _, err := access.New(m); err != nil {
			t.Errorf("%s: New = %v", url, err)
		}
	}
}

// TestShapesOfIssuers shows that a url which no token of the provider has in iss is
// warned of, with the one that was probably meant.
func TestShapesOfIssuers(t *testing.T) {
	const tenant = "9b2f1c1e-5d0a-4b7e-8f3a-2c6d7e8f9a0b"
	for _, row := range []struct{ preset, url, want string }{ // want: empty if there is no warning
		{"keycloak", "https://idp.example.com/realms/corp", ""},
		{"keycloak", "https://idp.example.com/auth/realms/corp", ""},
		{"keycloak", "https://idp.example.com/realms/corp/", "https://idp.example.com/realms/corp"},
		{"keycloak", "https://idp.example.com/realms/corp/.well-known/openid-configuration", "https://idp.example.com/realms/corp"},
		{"keycloak", "https://idp.example.com/realms/corp/protocol/openid-connect/certs", "https://idp.example.com/realms/corp"},
		{"keycloak", "https://idp.example.com/realms/corp/protocol/openid-connect/token", "https://idp.example.com/realms/corp"},
		{"keycloak", "https://idp.example.com/auth/realms/corp/account", "https://idp.example.com/auth/realms/corp"},
		{"keycloak", "https://idp.example.com", ""}, // a proxy may have removed the rest
		{"auth0", "https://acme.eu.auth0.com/", ""},
		{"auth0", "https://login.example.com/", ""},
		{"auth0", "https://acme.eu.auth0.com", "https://acme.eu.auth0.com/"},
		{"auth0", "https://acme.eu.auth0.com/oauth/token", "https://acme.eu.auth0.com/"},
		{"auth0-rfc9068", "https://acme.eu.auth0.com/.well-known/openid-configuration", "https://acme.eu.auth0.com/"},
		{"auth0", "https://acme.eu.auth0.com/api/v2/", "https://acme.eu.auth0.com/"},
		{"entra", "https://login.microsoftonline.com/" + tenant + "/v2.0", ""},
		{"entra", "https://login.microsoftonline.us/" + tenant + "/v2.0", ""},
		{"entra", "https://login.microsoftonline.com/" + tenant, "https://login.microsoftonline.com/" + tenant + "/v2.0"},
		{"entra", "https://login.microsoftonline.com/" + tenant + "/v2.0/", "https://login.microsoftonline.com/" + tenant + "/v2.0"},
		{"entra", "https://login.microsoftonline.us/" + tenant + "/", "https://login.microsoftonline.us/" + tenant + "/v2.0"},
		{"entra", "https://login.microsoftonline.com/" + tenant + "/oauth2/v2.0/token", "https://login.microsoftonline.com/" + tenant + "/v2.0"},
		{"entra", "https://login.microsoftonline.com/" + tenant + "/discovery/v2.0/keys", "https://login.microsoftonline.com/" + tenant + "/v2.0"},
		{"entra", "https://login.windows.net/" + tenant, "https://login.microsoftonline.com/" + tenant + "/v2.0"},
		{"entra", "https://sts.windows.net/" + tenant + "/", `url of preset entra-v1`},
		{"entra-v1", "https://login.microsoftonline.com/" + tenant + "/v2.0", `url of preset entra`},
		{"entra-v1", "https://sts.windows.net/" + tenant + "/", ""},
		{"entra-v1", "https://sts.windows.net/" + tenant, "https://sts.windows.net/" + tenant + "/"},
		{"cognito", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC", ""},
		{"cognito", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC/", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"},
		{"cognito", "https://cognito-idp.eu-west-1.amazonaws.com", "https://cognito-idp.eu-west-1.amazonaws.com/POOL"},
		{"cognito", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC/.well-known/jwks.json", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"},
		{"cognito", "https://acme.auth.eu-west-1.amazoncognito.com", "https://cognito-idp.eu-west-1.amazonaws.com/POOL"},
		{"cognito", "https://acme.auth.eu-west-1.amazoncognito.com/oauth2/token", "https://cognito-idp.eu-west-1.amazonaws.com/POOL"},
		{"cognito", "https://login.example.com", "https://cognito-idp.eu-central-1.amazonaws.com/POOL"},
		{"okta", "https://acme.okta.com/oauth2/default", ""},
		{"okta", "https://login.example.com/oauth2/aus123", ""},
		{"okta", "https://acme.okta.com", "https://acme.okta.com/oauth2/default"},
		{"okta", "https://acme.okta.com/", "https://acme.okta.com/oauth2/default"},
		{"okta", "https://acme.okta.com/oauth2", "https://acme.okta.com/oauth2/default"},
		{"okta", "https://acme.okta.com/oauth2/aus123/v1/token", "https://acme.okta.com/oauth2/aus123"},
		{"okta", "https://acme.okta.com/oauth2/default/", "https://acme.okta.com/oauth2/default"},
		{"google", "https://accounts.google.com", ""},
		{"google", "https://accounts.google.com/", "https://accounts.google.com"},
		{"google", "https://accounts.google.com/o/oauth2/v2/auth", "https://accounts.google.com"},
		{"google", "https://www.googleapis.com/oauth2/v3/certs", "https://accounts.google.com"},
		{"rfc9068", "https://idp.example.com/.well-known/openid-configuration", "https://idp.example.com"},
		{"rfc9068", "https://idp.example.com/", ""},
		{"dex", "https://dex.example.com/keys", "https://dex.example.com"},
		{"duende", "https://idp.example.com/.well-known/openid-configuration/jwks", "https://idp.example.com"},
		{"spiffe", "https://oidc.example.org", ""},
	} {
		m := company()
		delete(m.Services, "catalogue") // whose entry suits no such provider
		m.Issuers["corp"] = access.Issuer{URL: row.url, Preset: row.preset, KeysFile: "keys.json"}
		var got []string
		for _, warning := range told(t, m, access.Warning) {
			if strings.HasPrefix(warning, "warning issuers.corp.url: ") {
				got = append(got, warning)
			}
		}
		if text := strings.Join(got, "\n"); (row.want == "") != (text == "") || !strings.Contains(text, row.want) || len(got) > 1 {
			t.Errorf("%s, preset %s: warned %q, want %q in it", row.url, row.preset, text, row.want)
		}
	}
}
