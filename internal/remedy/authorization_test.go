package remedy_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/remedy"
)

// TestRemediesOfAuthorizationValues shows that an authorization value is told by what it
// is, and that nothing of it is repeated.
func TestRemediesOfAuthorizationValues(t *testing.T) {
	const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln"
	for value, want := range map[string]struct{ got, remedy string }{
		jwt:                        {"a token without a scheme", "write Bearer and a space before the token"},
		"hunter2hunter2":           {"a value without a scheme", "write Bearer and a space"},
		"Bearer Bearer " + jwt:     {"Bearer twice", "leave one out"},
		"bearer  BEARER " + jwt:    {"Bearer twice", "leave one out"},
		`Bearer "` + jwt + `"`:     {"Bearer and a token in quotes", "without quotes"},
		"Bearer <token>":           {"Bearer and a placeholder", "template"},
		"Bearer ${TOKEN}":          {"Bearer and a placeholder", "template"},
		"Bearer ":                  {"Bearer without a token", "look at where it gets one"},
		"Bearer":                   {"Bearer without a token", "look at where it gets one"},
		"":                         {"an empty value", "look at where it gets one"},
		"Bearer a b":               {"white space in it", "no spaces"},
		"Bearer " + jwt + "\r\n x": {"white space in it", "no line breaks"},
		"Bearer: " + jwt:           {`":" after Bearer`, "write Bearer, a space"},
		"Bearer=" + jwt:            {`"=" after Bearer`, "write Bearer, a space"},
		"Basic aHVudGVyMg==":       {`scheme "Basic"`, "send an access token"},
		"Token " + jwt:             {`scheme "Token"`, "send an access token"},
		"DPoP " + jwt:              {`scheme "DPoP"`, "cannot be sent as Bearer"},
		"hunter2 " + jwt:           {"another scheme", "send an access token"},
		"Bearer ü":                 {"Bearer and a text that is no token", ""},
	} {
		got, hint := remedy.Authorization(value)
		if !strings.Contains(got, want.got) || !strings.Contains(hint, want.remedy) || (hint == "") != (want.remedy == "") {
			t.Errorf("Authorization(%q) = %q, %q, want %q, %q", value, got, hint, want.got, want.remedy)
		}
		for _, secret := range []string{"eyJ", "hunter2", "aHVu"} {
			if strings.Contains(got+hint, secret) {
				t.Errorf("Authorization(%q) repeats %q", value, secret)
			}
		}
	}
}

func FuzzAuthorization(f *testing.F) {
	f.Add("hunter2")
	f.Add("Basic hunter2")
	f.Fuzz(func(t *testing.T, secret string) {
		if len(secret) < 30 {
			secret += strings.Repeat("x", 30)
		}
		for _, before := range []string{"", "Bearer ", "Basic ", "bearer:", secret + " "} {
			if got, hint := remedy.Authorization(before + secret); strings.Contains(got+hint, secret) {
				t.Errorf("Authorization(%q) = %q, %q, which repeats it", before+secret, got, hint)
			}
		}
	})
}
