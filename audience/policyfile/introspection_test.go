package policyfile_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// authentications is a matrix with each way to authenticate.
const authentications = `version: 1
issuers:
  a: {url: https://a.example, auth_style: post, assertion_audience: token_endpoint, token_type: BearerToken}
  b: {url: https://b.example, assertion_audience: https://b.example/token, introspection: {url: https://b.example/ask, client: s, online_only: true, mtls: {cert: s.crt, key: s.key}}}
  c: {url: https://c.example, introspection: {url: https://c.internal.example/admin/introspect, insecure: no_authentication}}
services:
  s: {issuer: a, grpc: [g.S], allow: [{clients: [portal], methods: [M], scopes: none}]}
clients:
  portal: {issuer: a, secret: {env: PORTAL}, auth_style: basic}
`

func TestAuthenticationsAreRead(t *testing.T) {
	want := map[string]access.Issuer{
		"a": {URL: "https://a.example", AuthStyle: "post", AssertionAudience: "token_endpoint", TokenType: "BearerToken"},
		"b": {URL: "https://b.example", AssertionAudience: "https://b.example/token", Introspection: access.Introspection{
			URL: "https://b.example/ask", ClientID: "s", OnlineOnly: true,
			Certificate: access.CertificateRef{File: filepath.Join("etc", "s.crt"), KeyFile: filepath.Join("etc", "s.key")},
		}},
		"c": {URL: "https://c.example", Introspection: access.Introspection{URL: "https://c.internal.example/admin/introspect", InsecureNoAuthentication: true}},
	}
	got, err := policyfile.Decode("access.yaml", "etc", []byte(authentications))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Issuers); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := got.Clients["portal"].AuthStyle; got != "basic" {
		t.Errorf("the client's auth_style is %q, want basic", got)
	}
	if _, err := policyfile.Parse("access.yaml", []byte(authentications)); err != nil {
		t.Error(err)
	}
	if fault := faults(t, authentications); fault != "" {
		t.Errorf("the schema finds %s", fault)
	}
}

// TestHalfAnAuthenticationIsRefused shows that an incomplete setting is reported at
// its place.
func TestHalfAnAuthenticationIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"auth_style: header":                           `want basic or post, got "header"`,
		"auth_style: ''":                               "want",
		"token_type: DPoP":                             "tokens of type DPoP cannot be presented as Bearer",
		"token_type: bearer":                           "accepted without this",
		"introspection: {}":                            "want a mapping with client and secret, got an empty one",
		"introspection: {insecure: no_authentication}": "no url",
		"introspection: {insecure: true}":              "want no_authentication",
		"introspection: {client: s}":                   "no secret",
		"introspection: {client: s, mtls: {cert: a}}":  `missing key "key"`,
		"introspection: {client: s, secret: {env: E}, mtls: {cert: a, key: b}}":                  "both secret and mtls",
		"introspection: {url: https://a.example, client: s, insecure: no_authentication}":        "both client and insecure",
		"introspection: {url: https://a.example, secret: {env: E}, insecure: no_authentication}": "both secret and insecure",
		"introspection: {url: http://10.0.0.1:4445/introspect, insecure: no_authentication}":     "is not https",
		"assertion_audience: endpoint":                     `got "endpoint"`,
		"assertion_audience: https://b.example/token":      "not a host of this issuer",
		"assertion_audience: http://idp.example.com/token": "is not https",
	} {
		_, err := policyfile.Parse("access.yaml", []byte(with(`com"}`, `com", `+text+"}")))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "access.yaml:3:") {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"portal: {auth_style: post}":                                   "the client has none",
		"portal: {auth_style: post, assertion: {file: x}}":             "the client has none",
		"portal: {auth_style: private_key_jwt, secret: {env: SECRET}}": "want basic or post",
	} {
		if _, err := policyfile.Parse("access.yaml", []byte(with("portal: {}", text))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
