package access_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

// withClient gives the company's issuer settings, and a client of it a secret.
func withClient(issuer access.Issuer) func(*access.Matrix) {
	return func(m *access.Matrix) {
		m.Issuers["corp"] = issuer
		m.Clients["customer-portal"] = access.Client{Issuer: "corp", Secret: access.SecretRef{Env: "SECRET"}}
	}
}

// TestNamesOfIssuers shows that iss is any text where nothing is asked at it.
func TestNamesOfIssuers(t *testing.T) {
	const keys = "https://auth.example.com/jwks"
	for _, name := range []string{
		"my-auth-service", "svc@project.iam.example.com", "http://nobody.example", "urn:example:auth", "mailto:auth@example.com",
		"https://auth.example.com/?tenant=1", "Auth Service",
	} {
		for _, issuer := range []access.Issuer{
			{URL: name, JWKS: keys}, {URL: name, KeysFile: "keys.json"}, {URL: name, Discovery: "https://auth.example.com/meta"},
		} {
			m := company()
			m.Issuers["corp"] = issuer
			if _, err := access.New(m); err != nil {
				t.Errorf("%+v: %v", issuer, err)
			}
		}
		newRefuses(t, func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: name} }, "say by keys_file, jwks or discovery where the keys are")
		newRefuses(t, withClient(access.Issuer{URL: name, JWKS: keys}), "clients.customer-portal: the url of issuer \"corp\" is only a name")
		newRefuses(t, withClient(access.Issuer{URL: name, KeysFile: "keys.json"}), "write token_url or discovery")
		for _, issuer := range []access.Issuer{
			{URL: name, JWKS: keys, TokenURL: "https://auth.example.com/token"},
			{URL: name, JWKS: keys, Discovery: "https://auth.example.com/meta"},
			{URL: name, KeysFile: "keys.json", Discovery: "https://auth.example.com/meta"},
		} {
			m := company()
			withClient(issuer)(&m)
			if _, err := access.New(m); err != nil {
				t.Errorf("with a client: %+v: %v", issuer, err)
			}
		}
	}
}

// TestNewRefusesIdentifiers shows which texts are no iss (RFC 7519, section 2).
func TestNewRefusesIdentifiers(t *testing.T) {
	for name, want := range map[string]string{
		"":                       "no url",
		" auth":                  "white space",
		"auth\n":                 "white space",
		"a\x00b":                 "control character",
		"not a uri: text":        "has a colon",
		":auth":                  "has a colon",
		"https://me:pw@auth.com": "neither query, nor fragment, nor user",
	} {
		newRefuses(t, func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: name, KeysFile: "keys.json"} }, want)
	}
	newRefuses(t, func(m *access.Matrix) {
		m.Issuers["corp"] = access.Issuer{URL: corp, KeysFile: "keys.json", Discovery: corp + "/meta"}
	}, "issuers.corp.discovery: nothing is looked up")
}

// TestHostsOfMetadata shows which hosts the metadata of an issuer may name.
func TestHostsOfMetadata(t *testing.T) {
	for host, want := range map[string]string{
		"*.example.com": "compared exactly", "https://keys.example.com": "is not a host", "": "is not a host", "keys.example.com/jwks": "is not a host",
		"user@keys.example.com": "is not a host", " keys.example.com": "is not a host",
	} {
		newRefuses(t, func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: corp, Hosts: []string{host}} }, want)
	}
	newRefuses(t, func(m *access.Matrix) {
		m.Issuers["corp"] = access.Issuer{URL: corp, JWKS: corp + "/jwks", Hosts: []string{"keys.example.com"}}
	}, "no metadata of this issuer is read")
	newRefuses(t, func(m *access.Matrix) {
		m.Issuers["corp"] = access.Issuer{URL: corp, Hosts: []string{"keys.example.com", "keys.example.com"}}
	}, "listed twice")
	m := company()
	m.Issuers["corp"] = access.Issuer{URL: corp, Hosts: []string{"keys.example.com", "login.example.com:8443"}}
	if _, err := access.New(m); err != nil {
		t.Error(err)
	}
}

// TestInsecureHosts shows that plain http is accepted on a host that is named, at the
// addresses of that issuer, and that each such host is warned of.
func TestInsecureHosts(t *testing.T) {
	const realm = "http://keycloak:8080/realms/corp"
	for name, row := range map[string]struct {
		issuer access.Issuer
		want   string // of the error; empty: there is none
	}{
		"issuer":              {access.Issuer{URL: realm, InsecureHosts: []string{"keycloak"}}, ""},
		"discovery":           {access.Issuer{URL: corp, Discovery: realm + "/meta", InsecureHosts: []string{"keycloak"}}, ""},
		"keys":                {access.Issuer{URL: realm, JWKS: realm + "/certs", InsecureHosts: []string{"keycloak"}}, ""},
		"tokens":              {access.Issuer{URL: corp, TokenURL: realm + "/token", InsecureHosts: []string{"keycloak"}}, ""},
		"two hosts":           {access.Issuer{URL: realm, JWKS: "http://keys/jwks", TokenURL: "http://keycloak/t", InsecureHosts: []string{"keycloak", "keys"}}, ""},
		"an address":          {access.Issuer{URL: "http://[fd00::2]:8080", InsecureHosts: []string{"[fd00::2]"}}, ""},
		"another host":        {access.Issuer{URL: realm, InsecureHosts: []string{"keys"}}, "is not https"},
		"a longer name":       {access.Issuer{URL: "http://keycloak.evil.example", InsecureHosts: []string{"keycloak"}}, "is not https"},
		"no http there":       {access.Issuer{URL: "https://keycloak/realms/corp", InsecureHosts: []string{"keycloak"}}, "remove the exception"},
		"nothing asked there": {access.Issuer{URL: realm, KeysFile: "keys.json", InsecureHosts: []string{"keycloak"}}, "remove the exception"},
		"a port":              {access.Issuer{URL: realm, InsecureHosts: []string{"keycloak:8080"}}, "without a port"},
		"every host":          {access.Issuer{URL: realm, InsecureHosts: []string{"*"}}, "without a port"},
		"another scheme":      {access.Issuer{URL: "ftp://keycloak", InsecureHosts: []string{"keycloak"}}, "is not https"},
	} {
		if row.want != "" {
			newRefuses(t, func(m *access.Matrix) { m.Issuers["corp"] = row.issuer }, row.want)
			continue
		}
		m := company()
		m.Issuers["corp"] = row.issuer
		if warnings := strings.Join(told(t, m, access.Warning), "\n"); !strings.Contains(warnings, "over plain http: whoever can change") {
			t.Errorf("%s: no warning: %s", name, warnings)
		}
	}
}
