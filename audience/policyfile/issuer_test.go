package policyfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// issuerFile is a file with these settings of its issuer.
func issuerFile(settings string) []byte {
	return []byte("version: 1\nissuers:\n  corp: {" + settings + "}\nservices:\n  orders:\n    grpc: [acme.orders.v1.OrderStatus]\n    allow: [{clients: [portal], methods: [\"*\"], scopes: none}]\nclients: {portal: {id: a}}\n")
}

// TestAddressesOfIssuers reads the keys that say where an issuer is, and whom to trust
// there.
func TestAddressesOfIssuers(t *testing.T) {
	for text, want := range map[string]access.Issuer{
		"url: my-auth-service, jwks: 'https://a.example/jwks'": {URL: "my-auth-service", JWKS: "https://a.example/jwks"},
		"url: 'https://a.example', hosts: [keys.example]":      {URL: "https://a.example", Hosts: []string{"keys.example"}},
		"url: 'https://a.example', ca_file: ca.pem":            {URL: "https://a.example", CAFile: "ca.pem"},
		"url: 'http://keycloak', insecure: {host: keycloak}":   {URL: "http://keycloak", InsecureHosts: []string{"keycloak"}},
		"url: 'http://keycloak', insecure: {host: [keycloak]}": {URL: "http://keycloak", InsecureHosts: []string{"keycloak"}},
		"url: 'http://localhost', insecure: loopback":          {URL: "http://localhost", InsecureLoopback: true},
	} {
		policy, err := policyfile.Parse("access.yaml", issuerFile(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		want.Preset = "rfc9068"
		if diff := cmp.Diff(want, policy.Matrix().Issuers["corp"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestAddressesOfIssuersRefused shows that incomplete settings of addresses are
// reported at their places.
func TestAddressesOfIssuersRefused(t *testing.T) {
	for text, want := range map[string]string{
		"url: my-auth-service":                           "access.yaml:3:10: \"my-auth-service\" is not an absolute URL",
		"url: 'https://a.example', hosts: keys.example":  "3:43: want a list of hosts such as [keys.example.com], got a string: write [keys.example]",
		"url: 'https://a.example', hosts: []":            "got an empty list",
		"url: 'https://a.example', hosts: ['*.example']": `3:44: "*.example" is not a host`,
		"url: 'http://a.example', insecure: host":        `want loopback or {host: …}, got "host"`,
		"url: 'http://a.example', insecure: {}":          `missing key "host"`,
		"url: 'http://a.example', insecure: {host: []}":  "got an empty list",
		"url: 'http://a.example', insecure: {host: b}":   `is not https`,
		"url: 'https://a.example', insecure: {host: b}":  `3:47: no address of this issuer is http://b: remove the exception`,
		"url: 'https://a.example', ca_file: ''":          "got an empty string",
	} {
		_, err := policyfile.Parse("access.yaml", issuerFile(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}
