package claims_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/grpcaud/grpcaud/audience/claims"
)

// TestDialect holds the data to what each preset does: a token that is made by
// it is read, and one that is not is refused.
func TestDialect(t *testing.T) {
	for _, name := range claims.Presets() {
		preset, _ := claims.LookupPreset(name)
		d := preset.Dialect()
		good := speaking(name, d)
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
		for claim := range d.Payload {
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

// speaking returns a token that d asks for.
func speaking(name string, d claims.Dialect) map[string]any {
	token := map[string]any{"iss": "https://idp.example.com", "exp": 2, "aud": "orders"}
	for _, claim := range d.Required {
		token[claim] = "orders"
	}
	for claim, value := range d.Payload {
		token[claim] = value
	}
	if token["iat"] != nil {
		token["iat"] = 1
	}
	token["sub"] = map[string]string{"spiffe": "spiffe://corp/orders", "kubernetes": "system:serviceaccount:corp:orders"}[name]
	if token["sub"] == "" {
		token["sub"] = "orders"
	}
	return token
}
