package jwkset_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/jwkset"
)

const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

func TestMisfit(t *testing.T) {
	for text, want := range map[string]string{
		`{"keys":[]}`:               "",
		` {"keys":[{"kty":"EC"}]}`:  "",
		`{"keys":[1],"issuer":"x"}`: "",
		``:                          "is empty",
		"\ufeff \n":                 "is empty",
		certificate:                 "a certificate",
		"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----":                              "a public key",
		"-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----":                 "a private key",
		"-----BEGIN SOMETHING-----":                                                               "is PEM",
		`{"k1":"-----BEGIN CERTIFICATE-----\nMIIB\n","k2":"-----BEGIN CERTIFICATE-----\nMIIB\n"}`: "map of X.509 certificates",
		`{"issuer":"https://i.example","jwks_uri":"https://i.example/jwks"}`:                      "as jwks_uri",
		`{"kty":"RSA","n":"AQ","e":"AQAB"}`:                                                       "a single key",
		`[{"kty":"RSA"}]`:                                                                         "a list",
		`{"keys":{"kty":"RSA"}}`:                                                                  "no list",
		`{"keys":null}`:                                                                           "no list",
		`{"Keys":[]}`:                                                                             "without keys",
		`{"error":"unauthorized"}`:                                                                "refused the request",
		`{}`:                                                                                      "without keys",
		"<html>Sign in</html>":                                                                    "HTML",
		"eyJhbGciOiJSUzI1NiJ9.e30.x":                                                              "a token",
		"hello":                                                                                   "no JSON",
		`{"keys":[]`:                                                                              "no JSON",
	} {
		if got := jwkset.Misfit([]byte(text)); (want == "") != (got == "") || !strings.Contains(got, want) || strings.Contains(got, "hunter2") {
			t.Errorf("Misfit(%q) = %q, want %q in it", text, got, want)
		}
	}
}

// FuzzMisfit shows that nothing of what is read is repeated.
func FuzzMisfit(f *testing.F) {
	f.Add([]byte(`{"keys":[]}`))
	f.Add([]byte(certificate))
	f.Add([]byte(`{"secret-0123456789":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := jwkset.Misfit(data)
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); len(line) > 40 && strings.Contains(got, line) {
				t.Errorf("Misfit(%q) repeats %q", data, line)
			}
		}
	})
}
