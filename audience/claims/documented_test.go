package claims_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/documented"
)

// TestPresetsReadDocumentedTokens reads the tokens that the providers document: access
// tokens say what they should, and tokens of other kinds are refused.
func TestPresetsReadDocumentedTokens(t *testing.T) {
	for _, preset := range claims.Presets() {
		for _, token := range documented.Tokens(preset) {
			t.Run(preset+", "+token.Name, func(t *testing.T) {
				c, err := readDocumented(preset, token)
				if token.Refused != "" {
					refusal, refused := errors.AsType[*audience.Refusal](err)
					if !refused || token.Refused != "*" && string(refusal.Cause) != token.Refused {
						t.Errorf("got %v, want %s", err, token.Refused)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				caller := c.Caller()
				got := said{c.Issuer(), c.Client(), caller.User, caller.Scopes, c.Roles(), c.IsService()}
				iss := token.Issuer()
				if iss == "accounts.google.com" {
					iss = "https://accounts.google.com"
				}
				want := said{iss, token.Client, token.User, token.Scopes, token.Roles, token.Service}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

// readDocumented reads a token as a server does, but for its signature.
func readDocumented(preset string, token documented.Token) (*claims.Claims, error) {
	p, _ := claims.LookupPreset(preset)
	typ, _ := token.Header["typ"].(string)
	if err := p.CheckType(typ); err != nil {
		return nil, err
	}
	payload, err := json.Marshal(token.Claims)
	if err != nil {
		return nil, err
	}
	return p.Claims(payload)
}
