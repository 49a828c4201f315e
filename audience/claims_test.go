package audience_test

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

// null is the JSON value; a nil in [token] takes a claim out.
var null = json.RawMessage("null")

func TestClaims(t *testing.T) {
	c, err := read(t, "keycloak", token(claims{"sid": "s", "acr": "2", "auth_time": now.Unix()}))
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.Issuer(), c.Subject(), c.Client(), c.ID(), c.Session(), c.Audience(), c.IssuedAt().UTC(), c.Expiry().UTC()}
	want := []any{corp, "alice", "customer-portal", "1", "s", []string{"order-status"}, now, now.Add(5 * time.Minute)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if got := c.Read(); got.ACR != "2" || !got.AuthTime.Equal(now) {
		t.Errorf("login by %q at %v, want 2 at %v", got.ACR, got.AuthTime, now)
	}
}

// TestClaimsKeepNothing holds that what was read may be written over.
func TestClaimsKeepNothing(t *testing.T) {
	payload := []byte(`{"iss":"i","exp":1,"typ":"Bearer","azp":"customer-portal","department":"hr"}`)
	p, _ := claims.PresetNamed("keycloak")
	c, err := p.Claims(payload)
	if err != nil {
		t.Fatal(err)
	}
	clear(payload)
	if v, _ := c.Member("department"); v != "hr" || c.Client() != "customer-portal" {
		t.Errorf("department %v of %q", v, c.Client())
	}
}

// TestClaimsRefused holds that what is malformed is never read as something
// else: neither as absent nor as its zero value.
func TestClaimsRefused(t *testing.T) {
	deep := claims{"sub": "x"}
	for range 8 {
		deep = claims{"sub": "x", "act": deep}
	}
	for _, row := range []struct {
		name   string
		claims claims
		want   audience.Cause
	}{
		{"T30 aud null", claims{"aud": null}, audience.CauseClaimsMalformed},
		{"T30 aud of null", claims{"aud": []any{null}}, audience.CauseClaimsMalformed},
		{"T31 aud with null", claims{"aud": []any{"order-status", null}}, audience.CauseClaimsMalformed},
		{"T31 aud bool", claims{"aud": true}, audience.CauseClaimsMalformed},
		{"T30 aud empty", claims{"aud": ""}, audience.CauseClaimsMalformed},
		{"T30 aud no values", claims{"aud": []string{}}, audience.CauseClaimsMalformed},
		{"T30 aud empty value", claims{"aud": []string{"order-status", ""}}, audience.CauseClaimsMalformed},
		{"T31 aud number", claims{"aud": 42}, audience.CauseClaimsMalformed},
		{"T31 aud object", claims{"aud": claims{"order-status": true}}, audience.CauseClaimsMalformed},
		{"T31 aud mixed", claims{"aud": []any{"order-status", 1}}, audience.CauseClaimsMalformed},
		{"T31 aud nested", claims{"aud": []any{[]any{"order-status"}}}, audience.CauseClaimsMalformed},
		{"T41 exp missing", claims{"exp": nil}, audience.CauseClaimMissing},
		{"T41 exp string", claims{"exp": "123"}, audience.CauseClaimsMalformed},
		{"T41 exp bool", claims{"exp": true}, audience.CauseClaimsMalformed},
		{"T41 exp zero", claims{"exp": 0}, audience.CauseClaimsMalformed},
		{"T41 exp negative", claims{"exp": -1}, audience.CauseClaimsMalformed},
		{"T41 exp huge", claims{"exp": 1e300}, audience.CauseClaimsMalformed},
		{"T41 exp 2^53", claims{"exp": 1 << 53}, audience.CauseClaimsMalformed},
		{"T41 exp null", claims{"exp": null}, audience.CauseClaimsMalformed},
		{"T41 exp 2^63", claims{"exp": json.Number("9223372036854775808")}, audience.CauseClaimsMalformed},
		{"T42 nbf string", claims{"nbf": "1"}, audience.CauseClaimsMalformed},
		{"T42 iat array", claims{"iat": []int{1}}, audience.CauseClaimsMalformed},
		{"T40 iss missing", claims{"iss": nil}, audience.CauseClaimMissing},
		{"T40 iss null", claims{"iss": null}, audience.CauseClaimsMalformed},
		{"T40 iss array", claims{"iss": []string{corp}}, audience.CauseClaimsMalformed},
		{"T46 sub empty", claims{"sub": ""}, audience.CauseClaimsMalformed},
		{"T46 sub number", claims{"sub": 1}, audience.CauseClaimsMalformed},
		{"T46 sub long", claims{"sub": strings.Repeat("x", 10<<10)}, audience.CauseClaimsMalformed},
		{"T46 sub control character", claims{"sub": "alice\n"}, audience.CauseClaimsMalformed},
		{"T46 sub delete character", claims{"sub": "alice\x7f"}, audience.CauseClaimsMalformed},
		{"T46 sub null", claims{"sub": null}, audience.CauseClaimsMalformed},
		{"T46 sub of a login missing", claims{"sub": nil, "sid": "s"}, audience.CauseClaimMissing},
		{"T46 sub of a login missing, by its time", claims{"sub": nil, "auth_time": now.Unix()}, audience.CauseClaimMissing},
		{"T39 azp null", claims{"azp": null, "client_id": "customer-portal"}, audience.CauseClaimsMalformed},
		{"T39 azp empty", claims{"azp": "", "client_id": "customer-portal"}, audience.CauseClaimsMalformed},
		{"T39 client_id of another type", claims{"client_id": 1}, audience.CauseClaimsMalformed},
		{"T39 azp array", claims{"azp": []string{"customer-portal"}}, audience.CauseClaimsMalformed},
		{"T39 azp and client_id differ", claims{"client_id": "backoffice-portal"}, audience.CauseClientAmbiguous},
		{"T45 scope array", claims{"scope": []string{"orders.read"}}, audience.CauseClaimsMalformed},
		{"T47 scope null", claims{"scope": null}, audience.CauseClaimsMalformed},
		{"T47 jti number", claims{"jti": 1}, audience.CauseClaimsMalformed},
		{"T47 sid empty", claims{"sid": ""}, audience.CauseClaimsMalformed},
		{"T47 acr number", claims{"acr": 2}, audience.CauseClaimsMalformed},
		{"T47 auth_time string", claims{"auth_time": "1"}, audience.CauseClaimsMalformed},
		{"T47 roles string", claims{"realm_access": claims{"roles": "admin"}}, audience.CauseClaimsMalformed},
		{"T47 roles of numbers", claims{"realm_access": claims{"roles": []int{1}}}, audience.CauseClaimsMalformed},
		{"T47 roles elsewhere", claims{"realm_access": []string{"admin"}}, audience.CauseClaimsMalformed},
		{"T47 roles of a client", claims{"resource_access": claims{"order-status": []string{"admin"}}}, audience.CauseClaimsMalformed},
		{"T47 roles of clients", claims{"resource_access": "admin"}, audience.CauseClaimsMalformed},
		{"T48 act null", claims{"act": null}, audience.CauseClaimsMalformed},
		{"T48 act string", claims{"act": "x"}, audience.CauseClaimsMalformed},
		{"T48 act without sub", claims{"act": claims{}}, audience.CauseClaimsMalformed},
		{"T48 act too long a chain", claims{"act": deep}, audience.CauseClaimsMalformed},
		{"T43 payload typ ID", claims{"typ": "ID"}, audience.CauseTypeNotAllowed},
		{"T43 payload typ Refresh", claims{"typ": "Refresh"}, audience.CauseTypeNotAllowed},
		{"T43 payload typ missing", claims{"typ": nil}, audience.CauseTypeNotAllowed},
		{"T43 nonce of an ID token", claims{"nonce": "n"}, audience.CauseTypeNotAllowed},
		{"T43 at_hash of an ID token", claims{"at_hash": "h"}, audience.CauseTypeNotAllowed},
		{"T43 c_hash of an ID token", claims{"c_hash": "h"}, audience.CauseTypeNotAllowed},
		{"T43 events of a logout token", claims{"events": claims{}}, audience.CauseTypeNotAllowed},
	} {
		_, err := read(t, "keycloak", token(row.claims))
		var refusal *audience.Refusal
		if !errors.As(err, &refusal) || refusal.Cause != row.want {
			t.Errorf("%s: Claims = %v, want %s", row.name, err, row.want)
		}
	}
}

// TestClaimsMalformed is T36 and T49.
func TestClaimsMalformed(t *testing.T) {
	p, _ := claims.PresetNamed("keycloak")
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

// TestClaimNamesAreExact holds that no other spelling of a name is the name.
func TestClaimNamesAreExact(t *testing.T) {
	c, err := read(t, "keycloak", token(claims{"aud": "evil", "Aud": "order-status", "SCOPE": "admin", "AZP": "backoffice-portal", "ſcope": "admin"}))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Audience(); !slices.Equal(got, []string{"evil"}) {
		t.Errorf("aud = %q, want evil", got)
	}
	if got := c.Caller(); got.Service != "customer-portal" || !slices.Equal(got.Scopes, []string{"orders.read"}) {
		t.Errorf("client %q with scopes %q, want customer-portal with orders.read", got.Service, got.Scopes)
	}
}

func TestScopes(t *testing.T) {
	for scope, want := range map[string][]string{
		"read write":  {"read", "write"},
		"read":        {"read"},
		" read":       nil,
		"read ":       nil,
		"read  write": nil,
		"read\twrite": nil,
		"read\x7f":    nil,
		`re"ad`:       nil,
		`re\ad`:       nil,
		"lesen-ä":     nil,
	} {
		c, err := read(t, "keycloak", token(claims{"scope": scope}))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Caller().Scopes; !slices.Equal(got, want) {
			t.Errorf("scopes of %q = %q, want %q", scope, got, want)
		}
	}
}

func TestStrictProfile(t *testing.T) {
	good := token(claims{"azp": nil, "typ": nil, "client_id": "customer-portal"})
	if _, err := read(t, "", good); err != nil {
		t.Errorf("a token by RFC 9068: %v", err)
	}
	c, err := read(t, "", token(claims{"azp": "backoffice-portal", "client_id": "backoffice-portal"}))
	if err != nil || c.Caller().Service != "backoffice-portal" {
		t.Errorf("azp beside the same client_id: %v", err)
	}
	for _, name := range []string{"iss", "exp", "sub", "client_id", "iat", "jti"} {
		if _, err := read(t, "", token(claims{"azp": nil, "client_id": "customer-portal", name: nil})); !errors.Is(err, audience.CauseClaimMissing) {
			t.Errorf("without %s: %v, want CLAIM_MISSING", name, err)
		}
	}
}

// TestClaimsLimits holds what is just accepted.
func TestClaimsLimits(t *testing.T) {
	act := claims{"sub": "x"}
	for range 7 {
		act = claims{"sub": "x", "act": act}
	}
	long := strings.Repeat("x", 1024)
	c, err := read(t, "keycloak", token(claims{"sub": long, "act": act, "exp": 1.5}))
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
