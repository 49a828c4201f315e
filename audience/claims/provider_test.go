package claims_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// TestPresetsReadWhatProvidersWrite shows each preset to the data of its provider: a
// token that is made by it is read, and one that lacks a part is refused.
func TestPresetsReadWhatProvidersWrite(t *testing.T) {
	for _, p := range provider.All() {
		name, d := p.Preset, p.Token
		preset, _ := claims.LookupPreset(name)
		good := tokenOf(d)
		refuses := func(change string, claims map[string]any, remove string) {
			t.Helper()
			token := maps.Clone(good)
			maps.Copy(token, claims)
			delete(token, remove)
			payload, err := json.Marshal(token)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = preset.Claims(payload); (err != nil) != (change != "") {
				t.Errorf("%s: a token, %s: %v", name, change, err)
			}
		}
		refuses("", nil, "")
		for _, claim := range d.Required {
			refuses("without "+claim, nil, claim)
		}
		for claim := range d.Values {
			refuses("with another "+claim, map[string]any{claim: "other"}, "")
		}
		for _, claim := range d.Forbidden {
			refuses("with "+claim, map[string]any{claim: "x"}, "")
		}
		for _, typ := range d.Types {
			if err := preset.CheckType(typ); err != nil {
				t.Errorf("%s: typ %q: %v", name, typ, err)
			}
		}
	}
}

// tokenOf returns the claims of a token that reads as d says.
func tokenOf(d provider.Token) map[string]any {
	token := map[string]any{"iss": "https://idp.example.com", "exp": 2, "aud": "orders"}
	for _, claim := range d.Required {
		token[claim] = "orders"
	}
	for claim, value := range d.Values {
		token[claim] = value
	}
	if token["iat"] != nil {
		token["iat"] = 1
	}
	token["sub"] = d.SubjectPrefix + "orders"
	return token
}
