package main_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

// TestTokenType shows that a token_type other than Bearer is no outage, and that the
// matrix can name the one that the issuer has.
func TestTokenType(t *testing.T) {
	for _, row := range []struct {
		answered, accepted string
		code               int
		wants              []string
	}{
		{"BearerToken", "", 1, []string{"no token: customer-portal for order-status", `token_type: got "BearerToken", want Bearer`, "set token_type of the issuer"}},
		{"DPoP", "BearerToken", 1, []string{"no token: customer-portal for order-status", "switch DPoP off"}},
		{"BearerToken", "BearerToken", 0, []string{"admitted"}},
	} {
		f := newField(t)
		f.issuer.Fault(testutil.Token, f.issuer.Alter(testutil.Token, func(answer map[string]any) { answer["token_type"] = row.answered }))
		if row.accepted != "" {
			f.change(t, "ask: audience", "ask: audience, token_type: "+row.accepted)
		}
		f.run(t, "token", "--as", "customer-portal", "--for", "order-status").want(t, row.code, row.wants...)
	}
}
