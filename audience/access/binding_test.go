package access_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience"
)

// TestOnlyCertificateBindingsAreAccepted shows that a token which is bound to anything
// but a certificate is refused.
func TestOnlyCertificateBindingsAreAccepted(t *testing.T) {
	const good = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dgA"
	c, err := read(t, "keycloak", token(members{"cnf": members{"x5t#S256": good}}))
	if err != nil || c.Binding() != good {
		t.Errorf("a token that is bound: %v", err)
	}
	c, err = read(t, "keycloak", token(nil))
	if err != nil || c.Binding() != "" {
		t.Errorf("a token that is not bound: %v", err)
	}
	for name, members := range map[string]members{
		"null":               token(members{"cnf": null}),
		"array":              token(members{"cnf": []string{good}}),
		"string":             token(members{"cnf": good}),
		"empty object":       token(members{"cnf": members{}}),
		"unknown member":     token(members{"cnf": members{"jwk": members{}}}),
		"one member more":    token(members{"cnf": members{"x5t#S256": good, "kid": "1"}}),
		"another name":       token(members{"cnf": members{"x5t#s256": good}}),
		"padded":             token(members{"cnf": members{"x5t#S256": good + "="}}),
		"short":              token(members{"cnf": members{"x5t#S256": good[1:]}}),
		"not canonical":      token(members{"cnf": members{"x5t#S256": good[:42] + "B"}}),
		"of base64":          token(members{"cnf": members{"x5t#S256": "+" + good[1:]}}),
		"with a line break":  token(members{"cnf": members{"x5t#S256": good[:42] + "\n"}}),
		"of another type":    token(members{"cnf": members{"x5t#S256": 1}}),
		"DPoP":               token(members{"cnf": members{"jkt": good}}),
		"DPoP beside a cert": token(members{"cnf": members{"x5t#S256": good, "jkt": good}}),
	} {
		_, err := read(t, "keycloak", members)
		var refusal *audience.Refusal
		if !errors.As(err, &refusal) || refusal.Cause != audience.CauseBindingUnsupported {
			t.Errorf("%s: %v, want %s", name, err, audience.CauseBindingUnsupported)
			continue
		}
		if dpop := strings.Contains(name, "DPoP"); strings.Contains(refusal.Hint, "DPoP") != dpop {
			t.Errorf("%s: hint %q", name, refusal.Hint)
		}
	}
}
