package claims_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// said is what a preset makes of a token.
type said struct {
	Issuer, Client, User string
	Scopes, Roles        []string
	Service              bool
}

// TestPresets reads tokens as the servers write them.
func TestPresets(t *testing.T) {
	orders := []string{"orders.read"}
	for _, row := range []struct {
		name, preset, payload string
		want                  said
	}{
		{
			"oidc-provider, a client", "oidc-provider",
			`{"jti":"Tq","sub":"customer-portal","iat":1795353715,"exp":1795354015,"scope":"orders.read","client_id":"customer-portal","iss":"i","aud":"urn:svc:orders"}`,
			said{"i", "customer-portal", "", orders, nil, true},
		},
		{
			"oidc-provider, a person", "rfc9068",
			`{"jti":"Tq","sub":"alice","iat":1,"exp":2,"scope":"orders.read","client_id":"spa","iss":"i","aud":"urn:svc:orders","auth_time":1,"roles":["clerk",{"value":"boss","primary":true}]}`,
			said{"i", "spa", "alice", orders, []string{"clerk", "boss"}, false},
		},
		{
			"a person by the name of a client", "rfc9068",
			`{"jti":"Tq","sub":"spa","iat":1,"exp":2,"client_id":"spa","iss":"i","aud":"urn:svc:orders","auth_time":1}`,
			said{"i", "spa", "spa", nil, nil, false},
		},
		{
			"Keycloak, a person", "keycloak",
			`{"jti":"tB","sub":"6f1c","sid":"s","iat":1,"exp":2,"scope":"orders.read","iss":"i","aud":["orders","account"],"azp":"portal","typ":"Bearer","preferred_username":"alice","realm_access":{"roles":["clerk","orders/admin"]},"resource_access":{"orders":{"roles":["write"]},"a/b":{"roles":["c"]},"account":{"roles":["manage-account"]}}}`,
			said{"i", "portal", "6f1c", orders, []string{"account/manage-account", "clerk", "orders/write"}, false},
		},
		{
			"Keycloak, a client", "keycloak",
			`{"jti":"tB","sub":"6f1c","iat":1,"exp":2,"scope":"orders.read","iss":"i","aud":"orders","azp":"Portal","typ":"Bearer","preferred_username":"service-account-portal"}`,
			said{"i", "Portal", "", orders, nil, true},
		},
		{
			"Keycloak, a client with a session", "keycloak",
			`{"jti":"tB","sub":"6f1c","sid":"s","iat":1,"exp":2,"iss":"i","aud":"orders","azp":"portal","client_id":"portal","typ":"Bearer","preferred_username":"service-account-portal"}`,
			said{"i", "portal", "", nil, nil, true},
		},
		{
			"Keycloak, a person by the name of a service account", "keycloak",
			`{"jti":"tB","sub":"6f1c","sid":"s","iat":1,"exp":2,"iss":"i","aud":"orders","azp":"portal","typ":"Bearer","preferred_username":"service-account-portal"}`,
			said{"i", "portal", "6f1c", nil, nil, false},
		},
		{
			"Keycloak, another client's account", "keycloak",
			`{"jti":"tB","sub":"6f1c","iat":1,"exp":2,"iss":"i","aud":"orders","azp":"orders","typ":"Bearer","preferred_username":"service-account-portal"}`,
			said{"i", "orders", "6f1c", nil, nil, false},
		},
		{
			"Keycloak, lightweight, of a client or of a user", "keycloak", `{"jti":"tB","iat":1,"exp":2,"iss":"i","azp":"portal","typ":"Bearer"}`,
			said{"i", "portal", "", nil, nil, false},
		},
		{
			"Keycloak, lightweight, of a client by client_id", "keycloak", `{"jti":"tB","iat":1,"exp":2,"iss":"i","azp":"portal","client_id":"portal","typ":"Bearer"}`,
			said{"i", "portal", "", nil, nil, true},
		},
		{
			"Keycloak, lightweight, of a client by its account", "keycloak", `{"jti":"tB","iat":1,"exp":2,"iss":"i","azp":"portal","preferred_username":"service-account-portal","typ":"Bearer"}`,
			said{"i", "portal", "", nil, nil, true},
		},
		{
			"Auth0, a client", "auth0",
			`{"jti":"m7","sub":"portal@clients","iat":1,"exp":2,"scope":"orders.read","iss":"https://t.auth0.com/","aud":"urn:svc:orders","azp":"portal","gty":"client-credentials","permissions":["orders:read"]}`,
			said{"https://t.auth0.com/", "portal", "", orders, []string{"orders:read"}, true},
		},
		{
			"Auth0, a person", "auth0",
			`{"sub":"auth0|1","iat":1,"exp":2,"scope":"openid orders.read","iss":"https://t.auth0.com/","aud":["urn:svc:orders","https://t.auth0.com/userinfo"],"azp":"spa"}`,
			said{"https://t.auth0.com/", "spa", "auth0|1", []string{"openid", "orders.read"}, nil, false},
		},
		{
			"Auth0, RFC 9068, a client", "auth0-rfc9068",
			`{"jti":"m7","sub":"portal@clients","iat":1,"exp":2,"iss":"i","aud":"urn:svc:orders","client_id":"portal","permissions":["orders:read"]}`,
			said{"i", "portal", "", nil, []string{"orders:read"}, true},
		},
		{
			"Okta, a client", "okta", `{"jti":"-5","sub":"portal","iat":1,"exp":2,"iss":"i","aud":"urn:svc:orders","cid":"portal","scp":["orders.read"]}`,
			said{"i", "portal", "", orders, nil, true},
		},
		{
			"Okta, a person by the name of a client", "okta", `{"jti":"-5","sub":"portal","uid":"00u","iat":1,"exp":2,"iss":"i","aud":"urn:svc:orders","cid":"portal","scp":["orders.read"]}`,
			said{"i", "portal", "portal", orders, nil, false},
		},
		{
			"Entra, an application", "entra", `{"sub":"oid","iat":1,"exp":2,"iss":"i","aud":"guid","azp":"app","azpacr":"1","roles":["Orders.Read"],"ver":"2.0"}`,
			said{"i", "app", "", nil, []string{"Orders.Read"}, true},
		},
		{
			"Entra, a person", "entra", `{"sub":"oid","iat":1,"exp":2,"iss":"i","aud":"guid","azp":"app","scp":"orders.read","roles":["Clerk"],"ver":"2.0"}`,
			said{"i", "app", "oid", orders, []string{"Clerk"}, false},
		},
		{
			"Entra, a person by idtyp", "entra", `{"sub":"oid","iat":1,"exp":2,"iss":"i","aud":"guid","azp":"app","idtyp":"user","ver":"2.0"}`,
			said{"i", "app", "oid", nil, nil, false},
		},
		{
			"Entra v1, an application", "entra-v1", `{"sub":"oid","iat":1,"exp":2,"iss":"i","aud":"api://orders","appid":"app","idtyp":"app","ver":"1.0"}`,
			said{"i", "app", "", nil, nil, true},
		},
		{
			"Hydra", "hydra", `{"sub":"portal","jti":"1","iat":1,"nbf":1,"exp":2,"iss":"i","aud":["orders"],"client_id":"portal","ext":{},"scp":["orders.read"]}`,
			said{"i", "portal", "", orders, nil, true},
		},
		{
			"Hydra, scope as a string", "hydra", `{"sub":"alice","jti":"1","exp":2,"iss":"i","aud":["orders"],"client_id":"portal","scope":"orders.read"}`,
			said{"i", "portal", "alice", orders, nil, false},
		},
		{
			"ZITADEL", "zitadel", `{"sub":"163840776835432705","jti":"1","exp":2,"iss":"i","aud":["1","2"],"azp":"1@orders","urn:zitadel:iam:org:project:roles":{"writer":{"7":"corp.example"},"reader":{}}}`,
			said{"i", "1@orders", "163840776835432705", nil, []string{"reader", "writer"}, false},
		},
		{
			"zitadel/oidc", "zitadel-oidc", `{"iss":"i","sub":"customer-portal","aud":["orders"],"exp":1795354024,"iat":1795353724,"nbf":1795353724,"client_id":"customer-portal","jti":"51dba398"}`,
			said{"i", "customer-portal", "", nil, nil, true},
		},
		{
			"Google", "google", `{"iss":"https://accounts.google.com","aud":"https://orders.example.com","azp":"1137","sub":"1137","email":"portal@p.iam.gserviceaccount.com","exp":2,"iat":1}`,
			said{"https://accounts.google.com", "1137", "", nil, nil, true},
		},
		{
			"Google, the other spelling", "google", `{"iss":"accounts.google.com","aud":"orders","sub":"1137","exp":2,"iat":1,"scope":"admin"}`,
			said{"https://accounts.google.com", "1137", "", nil, nil, true},
		},
		{
			"Cognito, a client", "cognito", `{"sub":"portal","token_use":"access","scope":"orders/read","auth_time":1,"iss":"i","exp":2,"iat":1,"version":2,"jti":"1","client_id":"portal"}`,
			said{"i", "portal", "", []string{"orders/read"}, nil, true},
		},
		{
			"Cognito, a person", "cognito", `{"sub":"6f1c","token_use":"access","scope":"openid","iss":"i","exp":2,"client_id":"spa","username":"alice","cognito:groups":["clerks"]}`,
			said{"i", "spa", "6f1c", []string{"openid"}, []string{"clerks"}, false},
		},
		{
			"PingOne", "pingone", `{"client_id":"portal","iss":"https://auth.pingone.eu/e/as","jti":"1","iat":1,"exp":2,"aud":["orders"],"scope":"orders.read"}`,
			said{"https://auth.pingone.eu/e/as", "portal", "", orders, nil, true},
		},
		{
			"Duende, a client", "duende", `{"iss":"i","nbf":1,"iat":1,"exp":2,"aud":"orders","scope":["orders.read"],"client_id":"portal","jti":"1"}`,
			said{"i", "portal", "", orders, nil, true},
		},
		{
			"Duende, a person", "duende", `{"iss":"i","iat":1,"exp":2,"aud":["orders"],"scope":"orders.read","client_id":"spa","sub":"alice","sid":"s","auth_time":1}`,
			said{"i", "spa", "alice", orders, nil, false},
		},
		{
			"Dex, one audience", "dex", `{"iss":"i","sub":"CgR0","aud":"orders","exp":2,"iat":1,"at_hash":"x","groups":["clerks"]}`,
			said{"i", "orders", "CgR0", nil, []string{"clerks"}, false},
		},
		{
			"Dex, two audiences", "dex", `{"iss":"i","sub":"CgR0","aud":["orders","portal"],"azp":"portal","exp":2,"iat":1,"at_hash":"x","nonce":"n"}`,
			said{"i", "portal", "CgR0", nil, nil, false},
		},
		{
			"Dex, one audience and azp", "dex", `{"iss":"i","sub":"CgR0","aud":"orders","azp":"portal","exp":2}`,
			said{"i", "portal", "CgR0", nil, nil, false},
		},
		{
			"Dex, two audiences without azp", "dex", `{"iss":"i","sub":"CgR0","aud":["orders","portal"],"exp":2}`,
			said{"i", "", "CgR0", nil, nil, false},
		},
		{
			"Dex, a client", "dex", `{"iss":"i","sub":"CgZwb3J0YWw","aud":["orders","portal"],"azp":"portal","exp":2,"iat":1,"at_hash":"x"}`,
			said{"i", "portal", "", nil, nil, true},
		},
		{
			"Dex, a user of a connector with the id of a client", "dex", `{"iss":"i","sub":"CgZwb3J0YWwSBWxvY2Fs","aud":["orders","portal"],"azp":"portal","exp":2,"iat":1,"at_hash":"x"}`,
			said{"i", "portal", "CgZwb3J0YWwSBWxvY2Fs", nil, nil, false},
		},
		{
			"Dex, the sub of another client", "dex", `{"iss":"i","sub":"CgVvdGhlcg","aud":["orders","portal"],"azp":"portal","exp":2,"iat":1,"at_hash":"x"}`,
			said{"i", "portal", "CgVvdGhlcg", nil, nil, false},
		},
		{
			"Google, got with a key", "google", `{"aud":"https://orders.example.com","azp":"batch@acme-prod.iam.gserviceaccount.com","email":"batch@acme-prod.iam.gserviceaccount.com","email_verified":true,"exp":2,"iat":1,"iss":"https://accounts.google.com","sub":"1048"}`,
			said{"https://accounts.google.com", "1048", "", nil, nil, true},
		},
		{
			"Keycloak, a browser login with nonce", "keycloak", `{"sub":"6f1c","sid":"s","auth_time":1,"exp":2,"iss":"i","aud":["orders","account"],"azp":"portal","typ":"Bearer","nonce":"n","scope":"orders.read"}`,
			said{"i", "portal", "6f1c", orders, nil, false},
		},
		{
			"SPIRE", "spiffe", `{"iss":"i","sub":"spiffe://corp.example/portal","aud":["orders"],"exp":2,"iat":1}`,
			said{"i", "spiffe://corp.example/portal", "", nil, nil, true},
		},
		{
			"Kubernetes", "kubernetes", `{"iss":"i","sub":"system:serviceaccount:shop:portal","aud":["orders"],"exp":2,"kubernetes.io":{"namespace":"shop"}}`,
			said{"i", "system:serviceaccount:shop:portal", "", nil, nil, true},
		},
	} {
		p, ok := claims.LookupPreset(row.preset)
		if !ok {
			t.Fatalf("no preset %q", row.preset)
		}
		c, err := p.Claims([]byte(row.payload))
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		caller := c.Caller()
		got := said{c.Issuer(), c.Client(), caller.User, caller.Scopes, c.Roles(), c.IsService()}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

// TestPresetsRefuse shows that what the same key signs for other ends is not
// read as an access token, and that nobody can choose who it names.
func TestPresetsRefuse(t *testing.T) {
	const when = `"iss":"i","exp":2,"iat":1,"jti":"1",`
	for _, row := range []struct {
		name, preset, payload string
		want                  audience.Cause
	}{
		{"Keycloak, a refresh token", "keycloak", `"sub":"a","typ":"Refresh","azp":"c"`, audience.CauseTypeNotAllowed},
		{"Auth0, an ID token", "auth0", `"sub":"a","aud":"c","nonce":"n"`, audience.CauseTypeNotAllowed},
		{"Auth0, an ID token that names its client", "auth0", `"sub":"a","aud":"c","azp":"c","nonce":"n"`, audience.CauseTypeNotAllowed},
		{"Okta, an ID token", "okta", `"sub":"a","aud":"c","ver":1,"amr":["pwd"]`, audience.CauseClaimMissing},
		{"Entra, an ID token", "entra", `"sub":"a","aud":"c","ver":"2.0"`, audience.CauseClaimMissing},
		{"Entra, a token of version 1", "entra", `"sub":"a","aud":"c","azp":"c","scp":"s","ver":"1.0"`, audience.CauseTypeNotAllowed},
		{"Entra v1, a token of version 2", "entra-v1", `"sub":"a","aud":"c","appid":"c","scp":"s","ver":"2.0"`, audience.CauseTypeNotAllowed},
		{"Hydra, an ID token", "hydra", `"sub":"a","aud":["c"],"at_hash":"x","auth_time":1`, audience.CauseTypeNotAllowed},
		{"ZITADEL, an ID token", "zitadel", `"sub":"a","aud":["c"],"azp":"c","at_hash":"x"`, audience.CauseTypeNotAllowed},
		{"zitadel/oidc, an ID token", "zitadel-oidc", `"sub":"a","aud":["c","orders"],"azp":"c","client_id":"c"`, audience.CauseTypeNotAllowed},
		{"Cognito, an ID token", "cognito", `"sub":"a","aud":"c","client_id":"c","token_use":"id"`, audience.CauseTypeNotAllowed},
		{"Google, a person", "google", `"sub":"a","aud":"c","azp":"c","at_hash":"x"`, audience.CauseTypeNotAllowed},
		{"Google, a person with gcloud", "google", `"sub":"a","aud":"c","azp":"c"`, audience.CauseClientAmbiguous},
		{"Google, the e-mail address of a person", "google", `"sub":"a","azp":"a@example.com"`, audience.CauseClientAmbiguous},
		{"Google, an address that only begins like an account's", "google", `"sub":"a","azp":"a@b.iam.gserviceaccount.com.evil.example"`, audience.CauseClientAmbiguous},
		{"Google, another client_id", "google", `"sub":"a","client_id":"a@b.iam.gserviceaccount.com"`, audience.CauseClientAmbiguous},
		{"Dex, an ID token of a code", "dex", `"sub":"a","aud":"c","c_hash":"x"`, audience.CauseTypeNotAllowed},
		{"Dex, a logout token", "dex", `"sub":"a","aud":"c","events":{}`, audience.CauseTypeNotAllowed},
		{"SPIFFE, another subject", "spiffe", `"sub":"system:serviceaccount:a:b"`, audience.CauseClaimsMalformed},
		{"Kubernetes, another subject", "kubernetes", `"sub":"admin"`, audience.CauseClaimsMalformed},
		{"RFC 9068, two clients", "rfc9068", `"sub":"a","client_id":"c","azp":"d"`, audience.CauseClientAmbiguous},
		{"Okta, two clients", "okta", `"sub":"a","cid":"c","client_id":"d"`, audience.CauseClientAmbiguous},
		{"Entra v1, two clients", "entra-v1", `"sub":"a","appid":"c","azp":"d","ver":"1.0"`, audience.CauseClientAmbiguous},
		{"Okta, another claim", "okta", `"sub":"a","client_id":"c"`, audience.CauseClaimMissing},
		{"PingOne, a login without sub", "pingone", `"client_id":"c","sid":"s"`, audience.CauseClaimMissing},
		{"Duende, a login without sub", "duende", `"client_id":"c","auth_time":1`, audience.CauseClaimMissing},
	} {
		p, _ := claims.LookupPreset(row.preset)
		if _, err := p.Claims([]byte("{" + when + row.payload + "}")); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %s", row.name, err, row.want)
		}
	}
}

// TestAnotherPresetOfTheProductIsNamed shows that a token of another version is told from a
// token of another kind, and that no preset is named which does not read it.
func TestAnotherPresetOfTheProductIsNamed(t *testing.T) {
	for _, row := range []struct{ preset, claims, want string }{
		{"entra", `"ver":"1.0","appid":"c"`, "the token is written as Entra ID writes them: write preset: entra-v1"},
		{"entra-v1", `"ver":"2.0","azp":"c"`, "the token is written as Entra ID writes them: write preset: entra "},
		{"entra", `"ver":"1.0","azp":"c","tfp":"signin"`, ""},
		{"entra", `"azp":"c"`, "the access tokens of Entra ID have the claim ver"},
		{"keycloak", `"typ":"Refresh","azp":"c"`, "this is a refresh token, which goes to the issuer alone"},
		{"cognito", `"token_use":"id","client_id":"c"`, "this is an ID token"},
	} {
		p, _ := claims.LookupPreset(row.preset)
		_, err := p.Claims([]byte(`{"iss":"i","exp":2,"sub":"a",` + row.claims + `}`))
		refusal, ok := errors.AsType[*audience.Refusal](err)
		if !ok || refusal.Cause != audience.CauseTypeNotAllowed || !strings.HasPrefix(refusal.Hint, row.want) || row.want == "" && refusal.Hint != "" {
			t.Errorf("%s, %s: %v, want the hint %q", row.preset, row.claims, err, row.want)
		}
	}
}

// TestScopesAreNoRoles shows that one is never taken for the other.
func TestScopesAreNoRoles(t *testing.T) {
	c, err := read(t, "keycloak", token(members{"scope": "admin", "realm_access": members{"roles": []string{"boss"}}, "scp": "boss", "roles": []string{"admin"}}))
	if err != nil {
		t.Fatal(err)
	}
	if scopes, roles := strings.Join(c.Caller().Scopes, " "), strings.Join(c.Roles(), " "); scopes != "admin" || roles != "boss" {
		t.Errorf("scopes %s, roles %s; want admin and boss", scopes, roles)
	}
}

func TestTypes(t *testing.T) {
	for _, row := range []struct {
		preset string
		good   []string
		bad    []string
	}{
		{"rfc9068", []string{"at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+JWT"}, []string{"", "JWT", "at+jwt ", "at-jwt", "x/at+jwt", "application/", "logout+jwt", "dpop+jwt", "id_token"}},
		{"auth0", []string{"JWT"}, []string{"", "at+jwt", "logout+jwt"}},
		{"okta", []string{"", "application/okta-internal-at+jwt"}, []string{"logout+jwt", "dpop+jwt"}},
		{"cognito", []string{""}, []string{"JWT", "at+jwt"}},
		{"duende", []string{"at+jwt"}, []string{"", "JWT"}},
		{"spiffe", []string{"", "JWT", "JOSE"}, []string{"at+jwt", "wit+jwt"}},
		{"keycloak", []string{"", "JWT", "jwt", "at+jwt", "application/jwt"}, []string{"logout+jwt", "dpop+jwt", "secevent+jwt", "token-introspection+jwt", "application/", " "}},
	} {
		p, _ := claims.LookupPreset(row.preset)
		for _, typ := range row.good {
			if err := p.CheckType(typ); err != nil {
				t.Errorf("%s: typ %q: %v", row.preset, typ, err)
			}
		}
		for _, typ := range row.bad {
			if err := p.CheckType(typ); !errors.Is(err, audience.CauseTypeNotAllowed) {
				t.Errorf("%s: typ %q = %v, want TYPE_NOT_ALLOWED", row.preset, typ, err)
			}
		}
	}
}

func TestPresetTraits(t *testing.T) {
	var anyAudience, blind []string
	for _, name := range claims.Presets() {
		p, _ := claims.LookupPreset(name)
		if p.MintsAnyAudience() {
			anyAudience = append(anyAudience, name)
		}
		if !p.DistinguishesServices() {
			blind = append(blind, name)
		}
		if got := p.Issuers(corp); len(got) != 1 || got[0] != corp {
			t.Errorf("%s: issuers of %s = %q", name, corp, got)
		}
	}
	if diff := cmp.Diff([]string{"entra", "entra-v1", "github-actions", "gitlab", "google", "kubernetes", "logto", "spiffe", "vault"}, anyAudience); diff != "" {
		t.Errorf("those that mint any audience (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"adfs", "authentik", "azure-b2c", "spring", "vault", "zitadel"}, blind); diff != "" {
		t.Errorf("those that do not tell services from users (-want +got):\n%s", diff)
	}
	google, _ := claims.LookupPreset("google")
	if diff := cmp.Diff([]string{"https://accounts.google.com", "accounts.google.com"}, google.Issuers("https://accounts.google.com")); diff != "" {
		t.Errorf("Google's issuers (-want +got):\n%s", diff)
	}
	if _, ok := claims.LookupPreset("Keycloak"); ok {
		t.Error("a preset by another spelling")
	}
}

// BenchmarkClaims reads a token of the size that Keycloak writes.
func BenchmarkClaims(b *testing.B) {
	payload := []byte(`{"exp":1795354016,"iat":1795353716,"jti":"tBpSMOcGnZ9yKLnASG99j","iss":"https://idp.example.com/realms/corp","aud":["order-status","account"],"sub":"6f1c8e9a-1f0b-4c3a-9d61-0f0b5a4e2d11","typ":"Bearer","azp":"customer-portal","sid":"0e8f1c2d","acr":"1","realm_access":{"roles":["default-roles-corp","offline_access"]},"resource_access":{"account":{"roles":["manage-account","view-profile"]}},"scope":"openid profile email orders.read","email_verified":true,"name":"Alice","preferred_username":"alice","email":"alice@example.com"}`)
	p, _ := claims.LookupPreset("keycloak")
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		if _, err := p.Claims(payload); err != nil {
			b.Fatal(err)
		}
	}
}
