package claims_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// TestConfirm shows which answers are about a token, where the token names its client by
// a claim of its own or lacks a claim that the answer has.
func TestConfirm(t *testing.T) {
	const (
		keycloak = `{"iss":"https://idp","typ":"Bearer","azp":"portal","sub":"6f1c","aud":["orders","hr"],"exp":100,"jti":"j","sid":"s"}`
		okta     = `{"iss":"https://idp","cid":"portal","sub":"alice","aud":"orders","exp":100,"scp":["orders.read"]}`
		bound    = `{"iss":"https://idp","typ":"Bearer","azp":"portal","sub":"6f1c","aud":"orders","exp":100,"cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0"}}`
	)
	for _, row := range []struct {
		name, preset, token, answer string
		want                        audience.Cause
	}{
		{"alone", "keycloak", keycloak, `{"active":true}`, ""},
		{"as Keycloak answers", "keycloak", keycloak, `{"active":true,"exp":100,"iss":"https://idp","aud":["hr","orders"],"sub":"6f1c","sid":"s","jti":"j","typ":"Bearer","azp":"portal","client_id":"portal","username":"alice","token_type":"Bearer"}`, ""},
		{"as Okta answers", "okta", okta, `{"active":true,"client_id":"portal","sub":"alice","uid":"00u","exp":100,"aud":"orders","iss":"https://idp","token_type":"Bearer"}`, ""},
		{"an audience twice", "keycloak", keycloak, `{"active":true,"aud":["hr","orders","hr"]}`, ""},
		{"a fraction of a second", "keycloak", keycloak, `{"active":true,"exp":100.5}`, ""},
		{"a token without sid", "okta", okta, `{"active":true,"sid":"s"}`, ""},
		{"the certificate of the token", "keycloak", bound, `{"active":true,"cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0"}}`, ""},
		{"another certificate", "keycloak", bound, `{"active":true,"cnf":{"x5t#S256":"x"}}`, audience.CauseTokenWithdrawn},
		{"bound, and the token is not", "keycloak", keycloak, `{"active":true,"cnf":{"x5t#S256":"x"}}`, audience.CauseTokenWithdrawn},
		{"a client, where the token has its own claim", "okta", okta, `{"active":true,"client_id":"other"}`, audience.CauseTokenWithdrawn},
		{"an authorized party, where the token has its own claim", "okta", okta, `{"active":true,"azp":"other"}`, audience.CauseTokenWithdrawn},
		{"one audience of two", "keycloak", keycloak, `{"active":true,"aud":"orders"}`, audience.CauseTokenWithdrawn},
		{"another session", "keycloak", keycloak, `{"active":true,"sid":"t"}`, audience.CauseTokenWithdrawn},
		{"a user in other case", "keycloak", keycloak, `{"active":true,"sub":"6F1C"}`, audience.CauseTokenWithdrawn},
		{"no user", "keycloak", keycloak, `{"active":true,"sub":null}`, audience.CauseTokenWithdrawn},
		{"a second later", "keycloak", keycloak, `{"active":true,"exp":101}`, audience.CauseTokenWithdrawn},
		{"not active", "keycloak", keycloak, `{"active":false}`, audience.CauseTokenInactive},
		{"null", "keycloak", keycloak, `{"active":null}`, audience.CauseIntrospectionUnavailable},
		{"twice", "keycloak", keycloak, `{"active":true,"active":true}`, audience.CauseIntrospectionUnavailable},
		{"no JSON", "keycloak", keycloak, `active`, audience.CauseIntrospectionUnavailable},
		{"a refresh token", "keycloak", keycloak, `{"active":true,"token_type":"refresh_token"}`, audience.CauseTypeNotAllowed},
		{"an ID token", "keycloak", keycloak, `{"active":true,"token_use":"id"}`, audience.CauseTypeNotAllowed},
	} {
		if err := confirm(t, row.preset, row.token, row.answer); !errors.Is(err, row.want) && (row.want != "" || err != nil) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
}

func confirm(t testing.TB, preset, token, answer string) error {
	t.Helper()
	p, _ := claims.LookupPreset(preset)
	payload, err := claims.Decode(token)
	if err != nil {
		t.Fatal(err)
	}
	return payload.Confirm(p, []byte(answer), "https://idp")
}

// FuzzConfirm shows that no answer confirms a token unless it is one JSON object that says
// active: true, and names no other user and no other client.
func FuzzConfirm(f *testing.F) {
	for _, answer := range []string{`{"active":true}`, `{"active":false,"sub":"6f1c"}`, `{"active":true,"sub":"x"}`, `{"active":true,"client_id":"x"}`, `{"aCtive":true}`, `{"active":"true"}`, "\ufeff{}"} {
		f.Add(answer)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		if err := confirm(t, "keycloak", `{"iss":"https://idp","typ":"Bearer","azp":"portal","sub":"6f1c","aud":"orders","exp":100}`, answer); err != nil {
			return
		}
		var said map[string]any
		if err := json.Unmarshal([]byte(answer), &said); err != nil || said["active"] != true {
			t.Errorf("%q confirms a token", answer)
		}
		for name, want := range map[string]string{"sub": "6f1c", "azp": "portal", "client_id": "portal", "iss": "https://idp"} {
			if got, ok := said[name]; ok && got != want {
				t.Errorf("%q confirms the token of %s %q", answer, name, want)
			}
		}
	})
}
