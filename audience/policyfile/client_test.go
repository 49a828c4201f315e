package policyfile_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

func TestClientsAreRead(t *testing.T) {
	const text = `version: 1
issuers:
  a: {url: https://a.example, token_url: https://a.example/t, ask: resource, parameters: {organization: acme}}
  b: {url: https://b.example, ask: {scope: "{audience}/.default"}}
  c: {url: https://c.example, ask: {token_urls: {s: https://c.example/s}}}
services:
  s:
    issuer: a
    authorities: [s.example, "s.example:8443"]
    grpc: [g.S]
    allow: [{clients: any, methods: [M], scopes: none}]
clients:
  key: {issuer: a, private_key_jwt: {file: key.pem, kid: k1, algorithm: ES256}}
  env: {issuer: a, private_key_jwt: {env: KEY}}
  assertion: {issuer: a, assertion: {file: /var/run/token}}
  mtls: {issuer: a, mtls: {cert: tls.crt, key: tls.key}}
  files: {issuer: a, token_files: {s: s.token}}
external:
  t: {issuer: a, audience: urn:t, authorities: [t.example], grpc: [t.T], clients: [key], scopes: [read]}
`
	want := access.Matrix{
		Issuers: map[string]access.Issuer{
			"a": {URL: "https://a.example", TokenURL: "https://a.example/t", Ask: access.Ask{Parameter: "resource", Parameters: map[string]string{"organization": "acme"}}},
			"b": {URL: "https://b.example", Ask: access.Ask{Scope: "{audience}/.default"}},
			"c": {URL: "https://c.example", Ask: access.Ask{TokenURLs: map[string]string{"s": "https://c.example/s"}}},
		},
		Services: map[string]access.Service{"s": {
			Issuers: []string{"a"}, Authorities: []string{"s.example", "s.example:8443"}, GRPC: []string{"g.S"},
			Allow: []access.Allow{{AnyClient: true, Methods: []string{"M"}, NoScopes: true}},
		}},
		Clients: map[string]access.Client{
			"key":       {Issuer: "a", PrivateKey: access.KeyRef{File: filepath.Join("etc", "key.pem"), KeyID: "k1", Algorithm: "ES256"}},
			"env":       {Issuer: "a", PrivateKey: access.KeyRef{Env: "KEY"}},
			"assertion": {Issuer: "a", Assertion: "/var/run/token"},
			"mtls":      {Issuer: "a", Certificate: access.CertificateRef{File: filepath.Join("etc", "tls.crt"), KeyFile: filepath.Join("etc", "tls.key")}},
			"files":     {Issuer: "a", TokenFiles: map[string]string{"s": filepath.Join("etc", "s.token")}},
		},
		External: map[string]access.External{"t": {
			Issuer: "a", Audience: "urn:t", Authorities: []string{"t.example"}, GRPC: []string{"t.T"}, Clients: []string{"key"}, Scopes: []string{"read"},
		}},
	}
	got, err := policyfile.Decode("access.yaml", "etc", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMistakesOfClientsHavePlaces shows that each mistake has its place, and that a
// value which may be a secret is not repeated.
func TestMistakesOfClientsHavePlaces(t *testing.T) {
	const key = "want {file: …} or {env: …}, and kid and algorithm: keys never stand in this file"
	for text, want := range map[string]string{
		"portal: {private_key_jwt: hunter2}":                  "access.yaml:12:29: " + key,
		"portal: {private_key_jwt: {pem: x}}":                 `access.yaml:12:30: unknown key "pem"`,
		"portal: {private_key_jwt: {kid: x}}":                 "access.yaml:12:12: no key: name the file or environment variable that holds it",
		"portal: {private_key_jwt: {env: $KEY}}":              "access.yaml:12:35: want the name of an environment variable, without $",
		"portal: {secret: {env: '${hunter2}'}}":               "access.yaml:12:26: want the name of an environment variable, without $",
		"portal: {assertion: token}":                          "access.yaml:12:23: want a mapping, got a string",
		"portal: {assertion: {}}":                             `access.yaml:12:23: missing key "file": want the path of a file`,
		"portal: {mtls: {cert: a}}":                           `access.yaml:12:18: missing key "key": want the path of a file`,
		"portal: {token_files: {}}":                           "access.yaml:12:25: want a mapping from service names to paths, got an empty one",
		"portal: {token_files: {nobody: x}}":                  `access.yaml:12:26: unknown service "nobody"`,
		"portal: {secret: {env: X}, assertion: {file: x}}":    "access.yaml:12:30: both secret and assertion: a client authenticates in one way",
		"portal: {}\nexternal: {t: {clients: [nobody]}}":      `access.yaml:13:26: unknown client "nobody": add "nobody: {}" under clients`,
		"portal: {}\nexternal: {t: {}}":                       `access.yaml:13:15: missing key "clients": want a list of client names`,
		"portal: {}\nexternal: {orders: {clients: [portal]}}": `access.yaml:13:12: "orders" is a service as well; it can be only one of the two`,
	} {
		_, err := policyfile.Parse("access.yaml", []byte(with("portal: {}", text)))
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
	for ask, want := range map[string]string{
		"ask: aud":                     "access.yaml:3:47: want audience or nothing or resource, got \"aud\"",
		"ask: {}":                      "access.yaml:3:47: want audience, resource, nothing, {scope: …} or {token_urls: …}, got an empty mapping",
		"ask: {scope: x}":              `access.yaml:3:48: "x" has no {audience} in it`,
		"parameters: {}":               "access.yaml:3:54: want a mapping from parameters to values, got an empty one",
		"token_url: 'ftp://a.example'": `access.yaml:3:42: "ftp://a.example" is not https; plain http is accepted on a loopback address only, with insecure: loopback, or on a host that insecure: {host: …} names`,
	} {
		_, err := policyfile.Parse("access.yaml", []byte(with(`com"}`, `com", `+ask+"}")))
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", ask, err, want)
		}
	}
}
