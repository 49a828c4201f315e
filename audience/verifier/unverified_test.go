package verifier_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/verifier"
)

// FuzzUnverified reads any text as a JWT. What it accepts has one spelling: three parts
// whose payload is the one that was read.
func FuzzUnverified(f *testing.F) {
	encode := base64.RawURLEncoding.EncodeToString
	for _, payload := range []string{`{"iss":"https://idp.example.com","exp":1}`, `{"a":1,"a":2}`, `[]`, `{} `, ``} {
		f.Add(encode([]byte(`{"alg":"ES256","typ":"at+jwt"}`)) + "." + encode([]byte(payload)) + ".c2ln")
	}
	for _, text := range []string{"", "opaque", "a.b.c", "..", "a.b.c.d.e", strings.Repeat("a", 20<<10)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		typ, payload, err := verifier.Unverified(text)
		if err != nil {
			if _, ok := errors.AsType[*audience.Refusal](err); !ok || typ != "" {
				t.Errorf("%q: typ %q and %v, want a refusal alone", text, typ, err)
			}
			return
		}
		parts := strings.Split(text, ".")
		if len(parts) != 3 || len(text) > 16<<10 {
			t.Fatalf("%d parts in %d bytes were read", len(parts), len(text))
		}
		decoded, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
		if err != nil || !payload.Equals(decoded) || encode(decoded) != parts[1] {
			t.Errorf("%q: the payload is not what was read (%v)", text, err)
		}
	})
}
