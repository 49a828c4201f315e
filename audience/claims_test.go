package audience_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
)

func TestCaller(t *testing.T) {
	c, err := read(t, "keycloak", token(claims{
		"aud": []string{"order-status"}, "azp": "order-status", "scope": "a b",
		"act": claims{"sub": "order-status", "act": claims{"sub": "backoffice-portal"}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := &audience.Caller{
		Issuer: corp, Service: "order-status", User: "alice", Chain: []string{"order-status", "backoffice-portal"},
		Scopes: []string{"a", "b"}, Audience: []string{"order-status"}, Expiry: now.Add(5 * time.Minute),
	}
	if diff := cmp.Diff(want, c.Caller()); diff != "" {
		t.Errorf("Caller (-want +got):\n%s", diff)
	}
}

func TestCallerWithoutUser(t *testing.T) {
	for name, members := range map[string]claims{
		"sub is the client":   {"sub": "customer-portal"},
		"no sub":              {"sub": nil},
		"Keycloak's own user": {"sub": "6f1c", "preferred_username": "service-account-customer-portal"},
	} {
		c, err := read(t, "keycloak", token(members))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Caller(); got.User != "" || got.Service != "customer-portal" {
			t.Errorf("%s: user %q, service %q, want none and customer-portal", name, got.User, got.Service)
		}
	}
}

func TestContext(t *testing.T) {
	if _, ok := audience.FromContext(t.Context()); ok {
		t.Error("a caller in an empty context")
	}
	caller := &audience.Caller{Service: "customer-portal", Scopes: []string{"a"}}
	ctx := audience.NewContext(t.Context(), caller)
	got, ok := audience.FromContext(ctx)
	if diff := cmp.Diff(*caller, got); !ok || diff != "" {
		t.Errorf("FromContext (-want +got):\n%s", diff)
	}
	got.Scopes[0] = "changed"
	if caller.Scopes[0] != "a" {
		t.Error("what FromContext returns shares the caller's slices")
	}
	if _, ok := audience.FromContext(audience.NewContext(t.Context(), nil)); ok {
		t.Error("a nil caller counts as one")
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
		{"aud null", claims{"aud": []any{nil}[0:1:1]}, audience.CauseClaimsMalformed},
		{"aud empty", claims{"aud": ""}, audience.CauseClaimsMalformed},
		{"aud no values", claims{"aud": []string{}}, audience.CauseClaimsMalformed},
		{"aud empty value", claims{"aud": []string{"order-status", ""}}, audience.CauseClaimsMalformed},
		{"aud number", claims{"aud": 42}, audience.CauseClaimsMalformed},
		{"aud object", claims{"aud": claims{"order-status": true}}, audience.CauseClaimsMalformed},
		{"aud mixed", claims{"aud": []any{"order-status", 1}}, audience.CauseClaimsMalformed},
		{"aud nested", claims{"aud": []any{[]any{"order-status"}}}, audience.CauseClaimsMalformed},
		{"exp missing", claims{"exp": nil}, audience.CauseClaimMissing},
		{"exp string", claims{"exp": "123"}, audience.CauseClaimsMalformed},
		{"exp bool", claims{"exp": true}, audience.CauseClaimsMalformed},
		{"exp zero", claims{"exp": 0}, audience.CauseClaimsMalformed},
		{"exp negative", claims{"exp": -1}, audience.CauseClaimsMalformed},
		{"exp huge", claims{"exp": 1e300}, audience.CauseClaimsMalformed},
		{"exp 2^53", claims{"exp": 1 << 53}, audience.CauseClaimsMalformed},
		{"nbf string", claims{"nbf": "1"}, audience.CauseClaimsMalformed},
		{"iat array", claims{"iat": []int{1}}, audience.CauseClaimsMalformed},
		{"iss missing", claims{"iss": nil}, audience.CauseClaimMissing},
		{"iss array", claims{"iss": []string{corp}}, audience.CauseClaimsMalformed},
		{"sub empty", claims{"sub": ""}, audience.CauseClaimsMalformed},
		{"sub number", claims{"sub": 1}, audience.CauseClaimsMalformed},
		{"sub long", claims{"sub": strings.Repeat("x", 10<<10)}, audience.CauseClaimsMalformed},
		{"sub control character", claims{"sub": "alice\n"}, audience.CauseClaimsMalformed},
		{"azp array", claims{"azp": []string{"customer-portal"}}, audience.CauseClaimsMalformed},
		{"azp and client_id differ", claims{"client_id": "backoffice-portal"}, audience.CauseClientAmbiguous},
		{"scope array", claims{"scope": []string{"orders.read"}}, audience.CauseClaimsMalformed},
		{"act string", claims{"act": "x"}, audience.CauseClaimsMalformed},
		{"act without sub", claims{"act": claims{}}, audience.CauseClaimsMalformed},
		{"act too long a chain", claims{"act": deep}, audience.CauseClaimsMalformed},
		{"payload typ ID", claims{"typ": "ID"}, audience.CauseTypeNotAllowed},
		{"payload typ Refresh", claims{"typ": "Refresh"}, audience.CauseTypeNotAllowed},
		{"payload typ missing", claims{"typ": nil}, audience.CauseTypeNotAllowed},
		{"nonce of an ID token", claims{"nonce": "n"}, audience.CauseTypeNotAllowed},
		{"events of a logout token", claims{"events": claims{}}, audience.CauseTypeNotAllowed},
	} {
		_, err := read(t, "keycloak", token(row.claims))
		var refusal *audience.Refusal
		if !errors.As(err, &refusal) || refusal.Cause != row.want {
			t.Errorf("%s: Claims = %v, want %s", row.name, err, row.want)
		}
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
	for _, name := range []string{"iss", "exp", "sub", "client_id", "iat", "jti"} {
		if _, err := read(t, "", token(claims{"azp": nil, "client_id": "customer-portal", name: nil})); !errors.Is(err, audience.CauseClaimMissing) {
			t.Errorf("without %s: %v, want CLAIM_MISSING", name, err)
		}
	}
}

func TestTypes(t *testing.T) {
	for _, row := range []struct {
		preset string
		good   []string
		bad    []string
	}{
		{"rfc9068", []string{"at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+JWT"}, []string{"", "JWT", "at+jwt ", "at-jwt", "x/at+jwt", "application/", "logout+jwt", "dpop+jwt", "id_token"}},
		{"keycloak", []string{"", "JWT", "jwt", "at+jwt", "application/jwt"}, []string{"logout+jwt", "dpop+jwt", "secevent+jwt", "token-introspection+jwt", "application/", " "}},
	} {
		p, _ := audience.PresetNamed(row.preset)
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

// FuzzClaims holds that whatever is read has what every decision needs.
func FuzzClaims(f *testing.F) {
	f.Add(`{"iss":"i","exp":1,"aud":["a","b"],"azp":"c","typ":"Bearer"}`)
	f.Add(`{"iss":"i","exp":1.5,"aud":"a","client_id":"c","sub":"s","act":{"sub":"x","act":{"sub":"y"}},"typ":"Bearer"}`)
	f.Add(`{"iss":"i","exp":"1"}`)
	f.Fuzz(func(t *testing.T, payload string) {
		for _, name := range audience.Presets() {
			preset, _ := audience.PresetNamed(name)
			c, err := preset.Claims([]byte(payload))
			if err != nil {
				continue
			}
			if c.Issuer() == "" || c.Expiry().IsZero() || slices.Contains(c.Audience(), "") || slices.Contains(c.Caller().Scopes, "") {
				t.Errorf("%s: %q read as %+v", name, payload, c.Caller())
			}
		}
	})
}
