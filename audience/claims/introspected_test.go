package claims_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// TestIntrospected reads answers as the servers write them.
func TestIntrospected(t *testing.T) {
	for _, row := range []struct {
		name, preset, answer string
		want                 said
	}{
		{
			"oidc-provider, a client", "rfc9068", `{"active":true,"client_id":"portal","exp":2,"iat":1,"iss":"https://idp","scope":"orders.read","token_type":"Bearer","aud":"orders"}`,
			said{"https://idp", "portal", "", []string{"orders.read"}, nil, true},
		},
		{
			"zitadel/oidc, without iss", "zitadel-oidc", `{"active":true,"scope":"a orders.read","client_id":"portal","token_type":"Bearer","exp":2,"sub":"portal","aud":["orders"]}`,
			said{"https://idp", "portal", "", []string{"a", "orders.read"}, nil, true},
		},
		{
			"Keycloak, a lightweight token", "keycloak", `{"active":true,"exp":2,"iss":"https://idp","aud":"orders","sub":"6f1c","sid":"s","typ":"Bearer","azp":"portal","client_id":"portal","username":"alice","scope":"orders.read","realm_access":{"roles":["clerk"]},"token_type":"Bearer"}`,
			said{"https://idp", "portal", "6f1c", []string{"orders.read"}, []string{"clerk"}, false},
		},
		{
			"Hydra", "hydra", `{"active":true,"client_id":"portal","sub":"alice","exp":2,"iat":1,"nbf":1,"aud":["orders"],"iss":"https://idp","token_type":"Bearer","token_use":"access_token","scope":"orders.read","ext":{"client_id":"evil"}}`,
			said{"https://idp", "portal", "alice", []string{"orders.read"}, nil, false},
		},
		{
			"Dex, the client is not guessed from aud", "dex", `{"active":true,"sub":"CgR0","exp":2,"aud":"orders","iss":"https://idp","token_type":"bearer"}`,
			said{"https://idp", "", "CgR0", nil, nil, false},
		},
		{
			"zitadel/oidc, with azp", "zitadel-oidc", `{"active":true,"client_id":"portal","azp":"portal","exp":2,"sub":"alice","aud":["orders"]}`,
			said{"https://idp", "portal", "alice", nil, nil, false},
		},
		{
			"Okta", "okta", `{"active":true,"scope":"orders.read","client_id":"portal","sub":"alice","uid":"00u","exp":2,"aud":"orders","iss":"https://idp","token_type":"Bearer"}`,
			said{"https://idp", "portal", "alice", []string{"orders.read"}, nil, false},
		},
	} {
		p, _ := claims.LookupPreset(row.preset)
		c, err := p.Introspected([]byte(row.answer), "https://idp")
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		got := said{c.Issuer(), c.Client(), c.Caller().User, c.Caller().Scopes, c.Roles(), c.IsService()}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

// TestIntrospectedRefuses shows that nothing is active but what is said to be,
// and that an active token is judged like any other (RFC 7662, section 4).
func TestIntrospectedRefuses(t *testing.T) {
	const good = `"active":true,"exp":2,"client_id":"portal","aud":"orders","typ":"Bearer"`
	for _, row := range []struct {
		name, answer string
		want         audience.Cause
	}{
		{"not active", `{"active":false}`, audience.CauseTokenInactive},
		{"not active, with all that an active one has", `{"active":false,"exp":2,"client_id":"portal","aud":"orders","typ":"Bearer"}`, audience.CauseTokenInactive},
		{"no active", `{"exp":2,"client_id":"portal","aud":"orders"}`, audience.CauseIntrospectionUnavailable},
		{"active in a string", `{"active":"true","exp":2}`, audience.CauseIntrospectionUnavailable},
		{"active in a number", `{"active":1,"exp":2}`, audience.CauseIntrospectionUnavailable},
		{"active null", `{"active":null}`, audience.CauseIntrospectionUnavailable},
		{"active in an object", `{"active":{"active":true}}`, audience.CauseIntrospectionUnavailable},
		{"active by another name", `{"Active":true,"exp":2}`, audience.CauseIntrospectionUnavailable},
		{"active twice", `{"active":false,"active":true,"exp":2}`, audience.CauseIntrospectionUnavailable},
		{"no JSON", `<html>`, audience.CauseIntrospectionUnavailable},
		{"nothing", ``, audience.CauseIntrospectionUnavailable},
		{"an array", `[{"active":true}]`, audience.CauseIntrospectionUnavailable},
		{"no exp", `{"active":true,"client_id":"portal","typ":"Bearer"}`, audience.CauseClaimMissing},
		{"exp in a string", `{"active":true,"exp":"2","client_id":"portal","typ":"Bearer"}`, audience.CauseClaimsMalformed},
		{"another issuer", `{` + good + `,"iss":"https://idp/"}`, audience.CauseIssuerNotAccepted},
		{"an issuer of another type", `{` + good + `,"iss":null}`, audience.CauseClaimsMalformed},
		{"two clients", `{` + good + `,"azp":"orders"}`, audience.CauseClientAmbiguous},
		{"a login without sub", `{` + good + `,"sid":"s"}`, audience.CauseClaimMissing},
		{"an ID token", `{` + good + `,"at_hash":"x"}`, audience.CauseTypeNotAllowed},
		{"a refresh token of Keycloak", `{"active":true,"exp":2,"client_id":"portal","typ":"Refresh"}`, audience.CauseTypeNotAllowed},
		{"a refresh token of Hydra", `{` + good + `,"token_use":"refresh_token"}`, audience.CauseTypeNotAllowed},
		{"another token type", `{` + good + `,"token_type":"N_A"}`, audience.CauseTypeNotAllowed},
		{"a token type of another type", `{` + good + `,"token_type":["Bearer"]}`, audience.CauseTypeNotAllowed},
		{"DPoP", `{` + good + `,"token_type":"DPoP"}`, audience.CauseBindingUnsupported},
		{"DPoP by its key", `{` + good + `,"cnf":{"jkt":"x"}}`, audience.CauseBindingUnsupported},
	} {
		p, _ := claims.LookupPreset("keycloak")
		if c, err := p.Introspected([]byte(row.answer), "https://idp"); !errors.Is(err, row.want) || c != nil {
			t.Errorf("%s: %v, %v; want %s", row.name, c, err, row.want)
		}
	}
	p, _ := claims.LookupPreset("keycloak")
	if _, err := p.Introspected([]byte(`{`+good+`}`), "https://idp"); err != nil {
		t.Errorf("the answer that they come from: %v", err)
	}
}

// TestIntrospectedByPreset shows that a preset which waives a check for JWTs
// does not waive it for answers, which say more.
func TestIntrospectedByPreset(t *testing.T) {
	for _, row := range []struct {
		preset, answer string
		want           audience.Cause
	}{
		{"dex", `{"active":true,"exp":2,"sub":"CgR0","aud":"orders","at_hash":"x"}`, audience.CauseTypeNotAllowed},
		{"auth0", `{"active":true,"exp":2,"client_id":"portal","aud":"orders"}`, audience.CauseClaimMissing},
	} {
		p, _ := claims.LookupPreset(row.preset)
		if _, err := p.Introspected([]byte(row.answer), "https://idp"); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %s", row.preset, err, row.want)
		}
	}
}

// TestIntrospectedUsers shows that an answer about a user does not pass for one
// about a client that calls as itself.
func TestIntrospectedUsers(t *testing.T) {
	for _, row := range []struct{ preset, answer, user string }{
		{"keycloak", `{"active":true,"exp":2,"sub":"6f1c","sid":"s","typ":"Bearer","azp":"portal","client_id":"portal","preferred_username":"service-account-portal"}`, "6f1c"},
		{"keycloak", `{"active":true,"exp":2,"sub":"6f1c","typ":"Bearer","azp":"portal","client_id":"portal","preferred_username":"service-account-portal"}`, ""},
		{"entra", `{"active":true,"exp":2,"sub":"alice","client_id":"portal","scope":"orders.read","ver":"2.0"}`, "alice"},
		{"okta", `{"active":true,"exp":2,"sub":"alice","client_id":"portal","preferred_username":"service-account-portal"}`, "alice"},
		{"rfc9068", `{"active":true,"exp":2,"sub":"portal","client_id":"portal"}`, ""},
		{"rfc9068", `{"active":true,"exp":2,"client_id":"portal"}`, ""},
	} {
		p, _ := claims.LookupPreset(row.preset)
		c, err := p.Introspected([]byte(row.answer), "https://idp")
		if err != nil {
			t.Errorf("%s: %s: %v", row.preset, row.answer, err)
		} else if got := c.Caller().User; got != row.user {
			t.Errorf("%s: %s: user %q, want %q", row.preset, row.answer, got, row.user)
		}
	}
	p, _ := claims.LookupPreset("rfc9068")
	if c, err := p.Introspected([]byte(`{"active":true,"exp":2,"client_id":"portal","username":"alice"}`), "https://idp"); err == nil {
		t.Errorf("a user without sub passes as %+v", c.Caller())
	}
}
