package claims_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

func TestClaims(t *testing.T) {
	c, err := read(t, "keycloak", token(members{"sid": "s", "acr": "2", "auth_time": now.Unix()}))
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.Issuer(), c.Subject(), c.Client(), c.ID(), c.Session(), c.Audience(), c.IssuedAt().UTC(), c.Expiry().UTC()}
	want := []any{corp, "alice", "customer-portal", "1", "s", []string{"order-status"}, now, now.Add(5 * time.Minute)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if c.ACR() != "2" || !c.AuthTime().Equal(now) {
		t.Errorf("login by %q at %v, want 2 at %v", c.ACR(), c.AuthTime(), now)
	}
}

// TestClaimsKeepNothing shows that what was read may be written over.
func TestClaimsKeepNothing(t *testing.T) {
	payload := []byte(`{"iss":"i","exp":1,"typ":"Bearer","azp":"customer-portal","department":"hr"}`)
	p, _ := claims.LookupPreset("keycloak")
	c, err := p.Claims(payload)
	if err != nil {
		t.Fatal(err)
	}
	clear(payload)
	if v, _ := c.Claim("department"); v != "hr" || c.Client() != "customer-portal" {
		t.Errorf("department %v of %q", v, c.Client())
	}
}

// TestClaimsRefused shows that what is malformed is never read as something
// else: neither as absent nor as its zero value.
func TestClaimsRefused(t *testing.T) {
	deep := members{"sub": "x"}
	for range 8 {
		deep = members{"sub": "x", "act": deep}
	}
	for _, row := range []struct {
		name   string
		claims members
		want   audience.Cause
	}{
		{"aud null", members{"aud": null}, audience.CauseClaimsMalformed},
		{"aud of null", members{"aud": []any{null}}, audience.CauseClaimsMalformed},
		{"aud with null", members{"aud": []any{"order-status", null}}, audience.CauseClaimsMalformed},
		{"aud bool", members{"aud": true}, audience.CauseClaimsMalformed},
		{"aud empty", members{"aud": ""}, audience.CauseClaimsMalformed},
		{"aud empty value", members{"aud": []string{"order-status", ""}}, audience.CauseClaimsMalformed},
		{"aud number", members{"aud": 42}, audience.CauseClaimsMalformed},
		{"aud object", members{"aud": members{"order-status": true}}, audience.CauseClaimsMalformed},
		{"aud mixed", members{"aud": []any{"order-status", 1}}, audience.CauseClaimsMalformed},
		{"aud nested", members{"aud": []any{[]any{"order-status"}}}, audience.CauseClaimsMalformed},
		{"exp missing", members{"exp": nil}, audience.CauseClaimMissing},
		{"exp string", members{"exp": "123"}, audience.CauseClaimsMalformed},
		{"exp bool", members{"exp": true}, audience.CauseClaimsMalformed},
		{"exp zero", members{"exp": 0}, audience.CauseClaimsMalformed},
		{"exp negative", members{"exp": -1}, audience.CauseClaimsMalformed},
		{"exp huge", members{"exp": 1e300}, audience.CauseClaimsMalformed},
		{"exp 2^53", members{"exp": 1 << 53}, audience.CauseClaimsMalformed},
		{"exp null", members{"exp": null}, audience.CauseClaimsMalformed},
		{"exp 2^63", members{"exp": json.Number("9223372036854775808")}, audience.CauseClaimsMalformed},
		{"nbf string", members{"nbf": "1"}, audience.CauseClaimsMalformed},
		{"iat array", members{"iat": []int{1}}, audience.CauseClaimsMalformed},
		{"iss missing", members{"iss": nil}, audience.CauseClaimMissing},
		{"iss null", members{"iss": null}, audience.CauseClaimsMalformed},
		{"iss array", members{"iss": []string{corp}}, audience.CauseClaimsMalformed},
		{"sub empty", members{"sub": ""}, audience.CauseClaimsMalformed},
		{"sub number", members{"sub": 1}, audience.CauseClaimsMalformed},
		{"sub long", members{"sub": strings.Repeat("x", 10<<10)}, audience.CauseClaimsMalformed},
		{"sub control character", members{"sub": "alice\n"}, audience.CauseClaimsMalformed},
		{"sub delete character", members{"sub": "alice\x7f"}, audience.CauseClaimsMalformed},
		{"sub null", members{"sub": null}, audience.CauseClaimsMalformed},
		{"sub of a login missing", members{"sub": nil, "sid": "s"}, audience.CauseClaimMissing},
		{"sub of a login missing, by its time", members{"sub": nil, "auth_time": now.Unix()}, audience.CauseClaimMissing},
		{"azp null", members{"azp": null, "client_id": "customer-portal"}, audience.CauseClaimsMalformed},
		{"azp empty", members{"azp": "", "client_id": "customer-portal"}, audience.CauseClaimsMalformed},
		{"client_id of another type", members{"client_id": 1}, audience.CauseClaimsMalformed},
		{"azp array", members{"azp": []string{"customer-portal"}}, audience.CauseClaimsMalformed},
		{"azp and client_id differ", members{"client_id": "backoffice-portal"}, audience.CauseClientAmbiguous},
		{"jti number", members{"jti": 1}, audience.CauseClaimsMalformed},
		{"sid empty", members{"sid": ""}, audience.CauseClaimsMalformed},
		{"act null", members{"act": null}, audience.CauseClaimsMalformed},
		{"act string", members{"act": "x"}, audience.CauseClaimsMalformed},
		{"act without sub", members{"act": members{}}, audience.CauseClaimsMalformed},
		{"act too long a chain", members{"act": deep}, audience.CauseClaimsMalformed},
		{"payload typ ID", members{"typ": "ID"}, audience.CauseTypeNotAllowed},
		{"payload typ Refresh", members{"typ": "Refresh"}, audience.CauseTypeNotAllowed},
		{"payload typ missing", members{"typ": nil}, audience.CauseTypeNotAllowed},
		{"nonce and the type of an ID token", members{"nonce": "n", "typ": "ID"}, audience.CauseTypeNotAllowed},
		{"at_hash of an ID token", members{"at_hash": "h"}, audience.CauseTypeNotAllowed},
		{"c_hash of an ID token", members{"c_hash": "h"}, audience.CauseTypeNotAllowed},
		{"events of a logout token", members{"events": members{}}, audience.CauseTypeNotAllowed},
	} {
		_, err := read(t, "keycloak", token(row.claims))
		var refusal *audience.Refusal
		if !errors.As(err, &refusal) || refusal.Cause != row.want {
			t.Errorf("%s: Claims = %v, want %s", row.name, err, row.want)
		}
	}
}

// TestOnlyRulesAskAboutSomeParts shows that a part which only some rules ask about does not
// make the token malformed: it is reported, and nothing is read from it.
func TestOnlyRulesAskAboutSomeParts(t *testing.T) {
	for _, row := range []struct {
		name, preset string
		claims       members
		want         claims.Part
	}{
		{"scope array", "keycloak", members{"scope": []string{"orders.read"}}, claims.Scopes},
		{"scope null", "keycloak", members{"scope": null}, claims.Scopes},
		{"scopes in an array, at Entra", "entra", members{"ver": "2.0", "scp": []string{"s"}}, claims.Scopes},
		{"scopes of numbers", "duende", members{"client_id": "customer-portal", "scope": []int{1}}, claims.Scopes},
		{"acr number", "keycloak", members{"acr": 2}, claims.ACR},
		{"auth_time string", "keycloak", members{"auth_time": "1"}, claims.AuthTime},
		{"auth_time null", "keycloak", members{"auth_time": null}, claims.AuthTime},
		{"roles string", "keycloak", members{"realm_access": members{"roles": "admin"}}, claims.Roles},
		{"roles of numbers", "keycloak", members{"realm_access": members{"roles": []int{1}}}, claims.Roles},
		{"roles elsewhere", "keycloak", members{"realm_access": []string{"admin"}}, claims.Roles},
		{"roles of a client", "keycloak", members{"realm_access": members{"roles": []string{"admin"}}, "resource_access": members{"order-status": []string{"admin"}}}, claims.Roles},
		{"roles of clients", "keycloak", members{"resource_access": "admin"}, claims.Roles},
		{"roles in a string, at Entra", "entra", members{"ver": "2.0", "roles": "admin"}, claims.Roles},
		{"roles in an array, at ZITADEL", "zitadel", members{"urn:zitadel:iam:org:project:roles": []string{"admin"}}, claims.Roles},
		{"roles in a string, by RFC 9068", "rfc9068", members{"client_id": "customer-portal", "roles": "admin"}, claims.Roles},
		{"a role without a name", "rfc9068", members{"client_id": "customer-portal", "roles": []any{"clerk", members{"display": "admin"}}}, claims.Roles},
	} {
		c, err := read(t, row.preset, token(row.claims))
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		nothing := map[claims.Part]bool{
			claims.Scopes: c.Scopes() == nil && c.Caller().Scopes == nil, claims.Roles: c.Roles() == nil && c.Caller().Roles == nil,
			claims.ACR: c.ACR() == "", claims.AuthTime: c.AuthTime().IsZero(),
		}
		for part, nothing := range nothing {
			if bad := part == row.want; bad != (c.Malformed(part) != nil) || bad && !nothing {
				t.Errorf("%s: %s cannot be read: %v, and nothing is read: %t", row.name, part, c.Malformed(part), nothing)
			}
		}
	}
}

// TestClaimsMalformed shows that a payload which can be read in two ways, or is no
// JSON object, is refused.
func TestClaimsMalformed(t *testing.T) {
	p, _ := claims.LookupPreset("keycloak")
	const good = `"iss":"i","exp":1,"typ":"Bearer","aud":"order-status"`
	for _, payload := range []string{
		``, `null`, `[]`, `"x"`, `{` + good + `}{}`, "\ufeff{" + good + `}`, `{` + good + `,"a":"` + "\xff" + `"}`, `{` + good + `,"a":"\ud800"}`,
		`{` + good + `,"aud":"evil"}`, `{` + good + `,"a\u0075d":"evil"}`, `{` + good + `,"cnf":{"jkt":"a","jkt":"b"}}`,
		`{` + good + `,"a":` + strings.Repeat("[", 33) + strings.Repeat("]", 33) + `}`,
	} {
		if _, err := p.Claims([]byte(payload)); !errors.Is(err, audience.CauseClaimsMalformed) {
			t.Errorf("Claims(%.60q) = %v, want CLAIMS_MALFORMED", payload, err)
		}
	}
	if _, err := p.Claims([]byte(`{` + good + `}`)); err != nil {
		t.Errorf("the payload that they come from: %v", err)
	}
}

// TestClaimNamesAreExact shows that no other spelling of a name is the name.
func TestClaimNamesAreExact(t *testing.T) {
	c, err := read(t, "keycloak", token(members{"aud": "evil", "Aud": "order-status", "SCOPE": "admin", "AZP": "backoffice-portal", "ſcope": "admin"}))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Audience(); !slices.Equal(got, []string{"evil"}) {
		t.Errorf("aud = %q, want evil", got)
	}
	if got := c.Caller(); got.Client != "customer-portal" || !slices.Equal(got.Scopes, []string{"orders.read"}) {
		t.Errorf("client %q with scopes %q, want customer-portal with orders.read", got.Client, got.Scopes)
	}
}

func TestScopes(t *testing.T) {
	for scope, want := range map[string][]string{
		"read write":  {"read", "write"},
		"read":        {"read"},
		" read":       {"read"},
		"read ":       {"read"},
		"read  write": {"read", "write"},
		"  a   b  ":   {"a", "b"},
		"":            nil,
		"  ":          nil,
		"read\twrite": nil,
		"read\nwrite": nil,
		"read \u00a0": nil,
		"read\x7f":    nil,
		`re"ad`:       nil,
		`re\ad`:       nil,
		"lesen-ä":     nil,
	} {
		c, err := read(t, "keycloak", token(members{"scope": scope}))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Caller().Scopes; !slices.Equal(got, want) {
			t.Errorf("scopes of %q = %q, want %q", scope, got, want)
		}
	}
}

func TestStrictProfile(t *testing.T) {
	good := token(members{"azp": nil, "typ": nil, "client_id": "customer-portal"})
	if _, err := read(t, "", good); err != nil {
		t.Errorf("a token by RFC 9068: %v", err)
	}
	c, err := read(t, "", token(members{"azp": "backoffice-portal", "client_id": "backoffice-portal"}))
	if err != nil || c.Caller().Client != "backoffice-portal" {
		t.Errorf("azp beside the same client_id: %v", err)
	}
	for _, name := range []string{"iss", "exp", "sub", "client_id", "iat", "jti"} {
		if _, err := read(t, "", token(members{"azp": nil, "client_id": "customer-portal", name: nil})); !errors.Is(err, audience.CauseClaimMissing) {
			t.Errorf("without %s: %v, want CLAIM_MISSING", name, err)
		}
	}
}

// TestClaimsLimits shows what is just accepted.
func TestClaimsLimits(t *testing.T) {
	act := members{"sub": "x"}
	for range 7 {
		act = members{"sub": "x", "act": act}
	}
	long := strings.Repeat("x", 1024)
	c, err := read(t, "keycloak", token(members{"sub": long, "act": act, "exp": 1.5}))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Caller(); got.User != long || len(got.Chain) != 8 || c.Expiry().UnixMilli() != 1500 {
		t.Errorf("user of %d bytes, chain of %d, expiry %v; want 1024, 8, 1.5 s", len(got.User), len(got.Chain), c.Expiry())
	}
	c.Audience()[0] = "changed"
	if got := c.Audience(); got[0] != "order-status" {
		t.Errorf("aud = %q: what Audience returns is not a copy", got)
	}
}
