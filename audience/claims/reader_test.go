package claims_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/claims"
)

// FuzzClaims shows that whatever is read has what every decision needs.
func FuzzClaims(f *testing.F) {
	f.Add(`{"iss":"i","exp":1,"aud":["a","b"],"azp":"c","typ":"Bearer"}`)
	f.Add(`{"iss":"i","exp":1.5,"aud":"a","client_id":"c","sub":"s","act":{"sub":"x","act":{"sub":"y"}},"typ":"Bearer"}`)
	f.Add(`{"iss":"i","exp":"1"}`)
	f.Fuzz(func(t *testing.T, payload string) {
		for _, name := range claims.Presets() {
			preset, _ := claims.LookupPreset(name)
			c, err := preset.Claims([]byte(payload))
			if err != nil {
				continue
			}
			if c.Issuer() == "" || c.Expiry().IsZero() || slices.Contains(c.Audience(), "") || slices.Contains(c.Caller().Scopes, "") || slices.Contains(c.Roles(), "") {
				t.Errorf("%s: %q read as %+v", name, payload, c.Caller())
			}
			user, service := c.Caller().User != "", c.IsService()
			if neither := name == "keycloak" && c.Subject() == ""; user && service || !user && !service && !neither {
				t.Errorf("%s: %q is both or neither of a service and a user: %+v", name, payload, c.Caller())
			}
		}
	})
}

// FuzzAudience shows that aud is read as the very values that it has, or not
// at all.
func FuzzAudience(f *testing.F) {
	for _, seed := range []string{`"a"`, `["a","b"]`, `[]`, `""`, `["a",null]`, `"a b"`, `{"a":true}`, `["\u0061"]`} {
		f.Add(seed)
	}
	p, _ := claims.LookupPreset("keycloak")
	f.Fuzz(func(t *testing.T, aud string) {
		if !json.Valid([]byte(aud)) {
			return
		}
		c, err := p.Claims([]byte(`{"iss":"i","exp":1,"typ":"Bearer","aud":` + aud + `}`))
		if err != nil {
			return
		}
		var one string
		var several []string
		if json.Unmarshal([]byte(aud), &one) == nil {
			several = []string{one}
		} else if err := json.Unmarshal([]byte(aud), &several); err != nil {
			t.Fatalf("aud %s was read as %q", aud, c.Audience())
		}
		if got := c.Audience(); !slices.Equal(got, several) || slices.Contains(got, "") || got == nil != (several == nil) {
			t.Errorf("aud %s was read as %q, want %q", aud, got, several)
		}
	})
}

// FuzzScope shows that what is granted, joined again, is what was written but for the
// number of spaces, in both spellings alike.
func FuzzScope(f *testing.F) {
	for _, seed := range []string{"a", "a b", " a", "a  b", "a\tb", `a"b`, "ä", ""} {
		f.Add(seed)
	}
	p, _ := claims.LookupPreset("duende")
	granted := func(t *testing.T, scope any) []string {
		payload, err := json.Marshal(members{"iss": "i", "exp": 1, "client_id": "c", "scope": scope})
		if err != nil {
			t.Fatal(err)
		}
		c, err := p.Claims(payload)
		if err != nil {
			return nil
		}
		return c.Caller().Scopes
	}
	f.Fuzz(func(t *testing.T, scope string) {
		words := strings.FieldsFunc(scope, func(c rune) bool { return c == ' ' })
		asText, asList := granted(t, scope), granted(t, words)
		if !slices.Equal(asText, asList) {
			t.Errorf("scope %q grants %q as a string, %q as an array", scope, asText, asList)
		}
		if asText != nil && !slices.Equal(asText, words) {
			t.Errorf("scope %q grants %q", scope, asText)
		}
	})
}
