package remedy_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/remedy"
)

// TestRemediesOfErrorTexts shows what the error texts of common stacks are about.
func TestRemediesOfErrorTexts(t *testing.T) {
	for text, want := range map[string]struct {
		stack string
		about remedy.About
	}{
		"Access token validation failure. Invalid audience.":                                                                                       {"Microsoft Graph", remedy.AboutAudience},
		`{"error":{"code":"InvalidAuthenticationToken","message":"Access token validation failure. Invalid audience."}}`:                           {"Microsoft Graph", remedy.AboutAudience},
		`error="invalid_token",error_description="The audience '<client id>' is invalid"`:                                                          {"ASP.NET", remedy.AboutAudience},
		`Bearer error="invalid_token", error_description="The audience '(null)' is invalid"`:                                                       {"ASP.NET", remedy.AboutAudience},
		"IDX10214: Audience validation failed. Audiences: '[PII is hidden]'. Did not match: validationParameters.ValidAudience: '[PII is hidden]'": {"ASP.NET", remedy.AboutAudience},
		"IDX10208: Unable to validate audience. validationParameters.ValidAudience is null or whitespace":                                          {"ASP.NET", remedy.AboutAudience},
		"IDX10205: Issuer validation failed. Issuer: 'https://a'. Did not match: validationParameters.ValidIssuer: 'https://a/'":                   {"ASP.NET", remedy.AboutIssuer},
		"The issuer 'https://sts.windows.net/x/' is invalid":                                                                                       {"ASP.NET", remedy.AboutIssuer},
		"IDX10223: Lifetime validation failed. The token is expired.":                                                                              {"ASP.NET", remedy.AboutExpiry},
		"IDX10503: Signature validation failed. Token does not have a kid.":                                                                        {"ASP.NET", remedy.AboutKeys},
		"IDX10511: Signature validation failed.":                                                                                                   {"ASP.NET", remedy.AboutSignature},
		"IDX12741: JWT must have three segments (JWS) or five segments (JWE).":                                                                     {"ASP.NET", remedy.AboutForm},
		"InvalidAuthenticationToken: CompactToken parsing failed with error code: 80049217":                                                        {"Microsoft Graph", remedy.AboutForm},
		"Audiences in Jwt are not allowed":                                                                                                         {"Envoy", remedy.AboutAudience},
		"Jwt issuer is not configured":                                                                                                             {"Envoy", remedy.AboutIssuer},
		"Jwt is expired":                                                                                                                           {"Envoy", remedy.AboutExpiry},
		"Jwt verification fails":                                                                                                                   {"Envoy", remedy.AboutSignature},
		"Jwks doesn't have key to match kid or alg from Jwt":                                                                                       {"Envoy", remedy.AboutKeys},
		"Jwt is missing":      {"Envoy", remedy.AboutMissing},
		"RBAC: access denied": {"Istio", remedy.AboutClient},
		"An error occurred while attempting to decode the Jwt: The aud claim is not valid":                                                                  {"Spring", remedy.AboutAudience},
		"An error occurred while attempting to decode the Jwt: The iss claim is not valid":                                                                  {"Spring", remedy.AboutIssuer},
		"An error occurred while attempting to decode the Jwt: Jwt expired at 2026-01-01T00:00:00Z":                                                         {"Spring", remedy.AboutExpiry},
		"Signed JWT rejected: Another algorithm expected, or no matching key(s) found":                                                                      {"Spring", remedy.AboutKeys},
		"The request requires higher privileges than provided by the access token.":                                                                         {"Spring", remedy.AboutScope},
		"JWT rejected due to invalid claims: [[8] Audience (aud) claim [account] doesn't contain an acceptable identifier. Expected orders as an aud value": {"jose4j", remedy.AboutAudience},
		`oidc: expected audience "orders" got ["account"]`:                                                                                                  {"go-oidc", remedy.AboutAudience},
		`oidc: id token issued by a different provider, expected "https://a" got "https://a/"`:                                                              {"go-oidc", remedy.AboutIssuer},
		"oidc: token is expired (Token Expiry: 2026-01-01 00:00:00 +0000 UTC)":                                                                              {"go-oidc", remedy.AboutExpiry},
		"failed to verify signature: failed to verify id token signature":                                                                                   {"go-oidc", remedy.AboutSignature},
		`"aud" not satisfied`:                      {"jwx", remedy.AboutAudience},
		"aud not satisfied":                        {"jwx", remedy.AboutAudience},
		`"iss" not satisfied: values do not match`: {"jwx", remedy.AboutIssuer},
		`"exp" not satisfied`:                      {"jwx", remedy.AboutExpiry},
		"could not verify message using any of the signatures or keys":                              {"jwx", remedy.AboutSignature},
		"token has invalid claims: token has invalid audience":                                      {"golang-jwt", remedy.AboutAudience},
		"jwt audience invalid. expected: https://orders.example.com":                                {"jsonwebtoken", remedy.AboutAudience},
		"jwt issuer invalid. expected: https://a/":                                                  {"jsonwebtoken", remedy.AboutIssuer},
		"TokenExpiredError: jwt expired":                                                            {"jsonwebtoken", remedy.AboutExpiry},
		`unexpected "aud" claim value`:                                                              {"jose", remedy.AboutAudience},
		"Audience doesn't match":                                                                    {"PyJWT", remedy.AboutAudience},
		"the token does not have a valid audience":                                                  {"Amazon", remedy.AboutAudience},
		"invalid bearer token, token audiences [\"a\"] is invalid for the target audiences [\"b\"]": {"Kubernetes", remedy.AboutAudience},
		"audience: AUDIENCE_MISMATCH: got aud \"a\", want \"b\"":                                    {"grpcaud", remedy.AboutAudience},
		"rpc error: code = Unauthenticated desc = token is meant for another audience":              {"grpcaud", remedy.AboutAudience},
		"AADSTS500011: The resource principal named api://x was not found in the tenant named y.":   {"Entra", remedy.AboutAudience},
		"invalid_client": {"", remedy.AboutSecret},
		"401 Unauthorized: invalid audience in token":  {"", remedy.AboutAudience},
		"The token's audience does not match this API": {"", remedy.AboutAudience},
		"wrong issuer":                     {"", remedy.AboutIssuer},
		"insufficient_scope":               {"", remedy.AboutScope},
		"the access token expired":         {"", remedy.AboutExpiry},
		"JWT signature verification error": {"", ""},
		"connection refused":               {"", ""},
		"the audience applauded":           {"", ""},
		"":                                 {"", ""},
	} {
		m, ok := remedy.Recognise(text)
		if ok != (want.about != "") || m.About != want.about || !strings.HasPrefix(strings.TrimPrefix(m.Stack, "lestrrat-go/"), want.stack) {
			t.Errorf("Recognise(%q) = %q of %q, %t, want %q of %q", text, m.About, m.Stack, ok, want.about, want.stack)
		}
		if ok && (m.Means == "" || m.Look == "") {
			t.Errorf("Recognise(%q) says nothing: %+v", text, m)
		}
	}
}

// TestErrorTextsNameValues shows that the values in a text are found, and compared.
func TestErrorTextsNameValues(t *testing.T) {
	for text, want := range map[string]struct{ got, want, look string }{
		"IDX10214: Audience validation failed. Audiences: 'https://o.example/'. Did not match: validationParameters.ValidAudience: 'https://o.example' or validationParameters.ValidAudiences: 'null'.": {"https://o.example/", "https://o.example", "only by a trailing slash"},
		"IDX10205: Issuer validation failed. Issuer: 'https://a.example/x'. Did not match: validationParameters.ValidIssuer: 'https://a.example/X'":                                                     {"https://a.example/x", "https://a.example/X", "upper and lower case"},
		`oidc: expected audience "https://o.example:443" got ["https://o.example"]`:                                                                                                                     {"https://o.example", "https://o.example:443", "the port :443"},
		`oidc: id token issued by a different provider, expected "https://a" got "https://a/"`:                                                                                                          {"https://a/", "https://a", "only by a trailing slash"},
		"The audience 'api://x' is invalid":      {"api://x", "", "compare aud"},
		"jwt audience invalid. expected: orders": {"", "orders", "compare aud"},
	} {
		m, _ := remedy.Recognise(text)
		if m.Got != want.got || m.Want != want.want || !strings.Contains(m.Look, want.look) {
			t.Errorf("Recognise(%q) has got %q, want %q, look %q; want %+v", text, m.Got, m.Want, m.Look, want)
		}
	}
}

func FuzzRecognise(f *testing.F) {
	f.Add("The audience 'x' is invalid")
	f.Add(strings.Repeat("audience ", 1000))
	f.Fuzz(func(t *testing.T, text string) {
		if m, ok := remedy.Recognise(text); ok && (m.Means == "" || m.Look == "" || m.About == "") {
			t.Errorf("Recognise(%q) = %+v", text, m)
		}
	})
}
