package remedy_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/remedy"
)

// TestIssuer shows that the common mistakes with iss are explained, and no others.
func TestIssuer(t *testing.T) {
	const tenant = "6d0c0de0-0000-4000-8000-000000000001"
	tests := map[string]struct{ iss, known, want string }{
		"slash":              {"https://t.auth0.com", "https://t.auth0.com/", "only by a trailing slash"},
		"case":               {"https://IDP.example.com/realms/corp", "https://idp.example.com/realms/corp", "upper and lower case"},
		"Google's two":       {"accounts.google.com", "https://accounts.google.com", "its scheme"},
		"Entra v1 for v2":    {"https://sts.windows.net/" + tenant + "/", "https://login.microsoftonline.com/" + tenant + "/v2.0", "requestedAccessTokenVersion"},
		"Entra v2 for v1":    {"https://login.microsoftonline.com/" + tenant + "/v2.0", "https://sts.windows.net/" + tenant + "/", "requestedAccessTokenVersion"},
		"Entra for others":   {"https://sts.windows.net/" + tenant + "/", "https://idp.example.com", ""},
		"a stranger":         {"https://evil.example", "https://idp.example.com", ""},
		"none":               {"", "https://idp.example.com", "names no issuer"},
		"a scheme by itself": {"https://", "http://", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := remedy.Situation{Cause: "ISSUER_UNKNOWN", Got: []string{test.iss}, Want: []string{test.known}}.Remedy()
			if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		})
	}
}
