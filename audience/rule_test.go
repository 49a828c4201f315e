package audience_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

const (
	corp    = "https://idp.example.com/realms/corp"
	partner = "https://login.partner.example"

	getStatus    = "/acme.orders.v1.OrderStatus/GetOrderStatus"
	updateStatus = "/acme.orders.v1.OrderStatus/UpdateOrderStatus"
	getEmployee  = "/acme.hr.v1.HumanResource/GetEmployee"
)

// company is the access matrix of the running example, and a partner whose
// clients bear the same names.
func company() audience.Matrix {
	return audience.Matrix{
		Issuers: map[string]audience.Issuer{
			"corp":    {URL: corp, Preset: "keycloak"},
			"partner": {URL: partner, Preset: "keycloak"},
		},
		Services: map[string]audience.Service{
			"order-status": {
				Issuers: []string{"corp", "partner"},
				GRPC:    []string{"acme.orders.v1.OrderStatus"},
				Self:    true,
				Allow: []audience.Allow{
					{Clients: []string{"customer-portal", "backoffice-portal", "order-status"}, Methods: []string{"GetOrderStatus"}, Scopes: []string{"orders.read"}},
					{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, Scopes: []string{"orders.write", "orders.read"}},
				},
			},
			"human-resource": {
				Issuers: []string{"corp"},
				GRPC:    []string{"acme.hr.v1.HumanResource"},
				Allow:   []audience.Allow{{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, NoScopes: true}},
			},
			"catalogue": {
				Issuers: []string{"corp"},
				GRPC:    []string{"acme.catalogue.v1.Catalogue"},
				Allow:   []audience.Allow{{AnyClient: true, Methods: []string{"*"}, NoScopes: true}},
			},
		},
		Clients: map[string]audience.Client{
			"customer-portal":   {Issuer: "corp"},
			"backoffice-portal": {Issuer: "corp"},
			"order-status":      {Issuer: "corp"},
		},
		Public: []string{"grpc.health.v1.Health", "acme.orders.v1.OrderStatus/Version"},
	}
}

func guard(t *testing.T, services ...string) *audience.Guard {
	t.Helper()
	policy, err := audience.New(company())
	if err != nil {
		t.Fatal(err)
	}
	g, err := policy.Guard(services...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// token returns the claims of a good token of the customer portal for the
// order status, changed as the members say; a nil removes one.
func token(members map[string]any) map[string]any {
	claims := map[string]any{
		"iss": corp, "sub": "alice", "aud": "order-status", "azp": "customer-portal", "typ": "Bearer",
		"scope": "orders.read", "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "jti": "1",
	}
	for name, value := range members {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return claims
}

func read(t testing.TB, preset string, members map[string]any) (*audience.Claims, error) {
	t.Helper()
	payload, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := audience.PresetNamed(preset)
	if !ok {
		t.Fatalf("no preset %q", preset)
	}
	return p.Claims(payload)
}

type claims = map[string]any

// TestSeed holds the rules of what an audience is, each by its own words.
func TestSeed(t *testing.T) {
	guard := guard(t, "order-status", "human-resource", "catalogue")
	const getItem = "/acme.catalogue.v1.Catalogue/GetItem"
	for _, row := range []struct {
		rule   string
		method string
		claims claims
		want   audience.Cause // "" admits
	}{
		{"aud may be a string", getStatus, claims{}, ""},
		{"aud may be an array", getStatus, claims{"aud": []string{"order-status"}}, ""},
		{"the service finds itself among several", getStatus, claims{"aud": []string{"account", "order-status"}}, ""},
		{"the service must find itself", getStatus, claims{"aud": "human-resource"}, audience.CauseAudienceMismatch},
		{"aud is compared exactly: case", getStatus, claims{"aud": "Order-Status"}, audience.CauseAudienceMismatch},
		{"aud is compared exactly: slash", getStatus, claims{"aud": "order-status/"}, audience.CauseAudienceMismatch},
		{"aud is compared exactly: prefix", getStatus, claims{"aud": "order-status-v2"}, audience.CauseAudienceMismatch},
		{"aud is never split", getStatus, claims{"aud": "human-resource order-status"}, audience.CauseAudienceMismatch},

		{"a client is its own audience", getStatus, claims{"aud": nil, "azp": "order-status"}, ""},
		{"a client with another's aud is not", getStatus, claims{"aud": "human-resource", "azp": "order-status"}, audience.CauseAudienceMismatch},
		{"no aud is good at that client only", getStatus, claims{"aud": nil}, audience.CauseAudienceMissing},
		{"no aud is good at that issuer's client only", getStatus, claims{"aud": nil, "azp": "order-status", "iss": partner}, audience.CauseAudienceMissing},
		{"no aud is good only where the policy says self", getEmployee, claims{"aud": nil, "azp": "human-resource"}, audience.CauseAudienceMissing},
		{"no aud and no client is nobody's", getStatus, claims{"aud": nil, "azp": nil}, audience.CauseAudienceMissing},

		{"several audiences name who asked", getStatus, claims{"aud": []string{"order-status", "human-resource"}}, ""},
		{"or in client_id", getStatus, claims{"aud": []string{"order-status", "human-resource"}, "azp": nil, "client_id": "customer-portal"}, ""},
		{"several audiences without who asked", getStatus, claims{"aud": []string{"order-status", "human-resource"}, "azp": nil}, audience.CauseClientMissing},
		{"one audience without who asked", getStatus, claims{"azp": nil}, audience.CauseClientMissing},
		{"who asked does not matter where no client is named", getItem, claims{"aud": []string{"catalogue", "account"}, "azp": nil}, ""},

		{"the audience is right and the client is not", getEmployee, claims{"aud": "human-resource"}, audience.CauseClientNotAllowed},
		{"an id is compared exactly", getStatus, claims{"azp": "Customer-Portal"}, audience.CauseClientNotAllowed},
		{"a client is an issuer and an id", getStatus, claims{"iss": partner}, audience.CauseClientNotAllowed},

		{"a scope is another question", getStatus, claims{"scope": "orders.write"}, audience.CauseScopeMissing},
		{"no scope at all", getStatus, claims{"scope": nil}, audience.CauseScopeMissing},
		{"a scope is compared exactly", getStatus, claims{"scope": "orders.read.all"}, audience.CauseScopeMissing},
		{"the alternatives are alternatives", updateStatus, claims{"azp": "backoffice-portal", "scope": "orders.write orders.read"}, ""},
		{"the demands of one must all hold", updateStatus, claims{"azp": "backoffice-portal", "scope": "orders.write"}, audience.CauseScopeMissing},
		{"the demands of two do not add up", updateStatus, claims{"scope": "orders.write orders.read"}, audience.CauseClientNotAllowed},

		{"the issuer is always checked", getEmployee, claims{"aud": "human-resource", "azp": "backoffice-portal", "iss": partner}, audience.CauseIssuerNotAccepted},
		{"an issuer is compared exactly", getEmployee, claims{"aud": "human-resource", "azp": "backoffice-portal", "iss": corp + "/"}, audience.CauseIssuerNotAccepted},

		{"a token ends, with leeway", getStatus, claims{"exp": now.Add(-29 * time.Second).Unix()}, ""},
		{"and not beyond it", getStatus, claims{"exp": now.Add(-30 * time.Second).Unix()}, audience.CauseExpired},
		{"nbf, with leeway", getStatus, claims{"nbf": now.Add(30 * time.Second).Unix()}, ""},
		{"and not before it", getStatus, claims{"nbf": now.Add(31 * time.Second).Unix()}, audience.CauseNotYetValid},
		{"iat, with leeway", getStatus, claims{"iat": now.Add(30 * time.Second).Unix()}, ""},
		{"and not before that", getStatus, claims{"iat": now.Add(31 * time.Second).Unix()}, audience.CauseNotYetValid},
		{"a life of a day", getStatus, claims{"exp": now.Add(24 * time.Hour).Unix()}, ""},
		{"is the longest", getStatus, claims{"exp": now.Add(24*time.Hour + time.Second).Unix()}, audience.CauseLifetimeTooLong},
		{"a life without iat", getStatus, claims{"iat": nil}, ""},
		{"without iat it counts from now", getStatus, claims{"iat": nil, "exp": now.Add(25 * time.Hour).Unix()}, audience.CauseLifetimeTooLong},
		{"exp in milliseconds", getStatus, claims{"exp": now.Add(time.Minute).UnixMilli()}, audience.CauseLifetimeTooLong},
	} {
		t.Run(row.rule, func(t *testing.T) {
			if got := verdict(t, guard.Rule(row.method), "keycloak", token(row.claims)); got != row.want {
				t.Errorf("refused by %q, want %q", got, row.want)
			}
		})
	}
}

// TestPublicRule holds that a public rule asks nothing.
func TestPublicRule(t *testing.T) {
	c, err := read(t, "keycloak", token(claims{"iss": "x", "exp": 1}))
	if err != nil {
		t.Fatal(err)
	}
	if err := guard(t, "order-status").Rule("/grpc.health.v1.Health/Check").Judge(c, now); err != nil {
		t.Errorf("Judge = %v", err)
	}
}

func TestOptional(t *testing.T) {
	rule := ruleOf(t, audience.Issuer{}, entry(func(a *audience.Allow) { a.Optional = true }))
	if !rule.Optional() || rule.Public() || ruleOf(t, audience.Issuer{}, entry(nil)).Optional() {
		t.Error("an optional rule is one that says so")
	}
	if got := verdict(t, rule, "keycloak", token(claims{"aud": "invoices"})); got != audience.CauseAudienceMismatch {
		t.Errorf("a bad token is refused by %q, want %s", got, audience.CauseAudienceMismatch)
	}
	if err := rule.Judge(nil, now); !errors.Is(err, audience.CauseCredentialsMissing) {
		t.Errorf("Judge(nil) = %v, want %s", err, audience.CauseCredentialsMissing)
	}
}

// everything returns a rule that demands all that can be demanded, and claims
// that hold.
func everything(tb testing.TB) (*audience.Rule, *audience.Claims) {
	tb.Helper()
	rule := ruleOf(tb, audience.Issuer{MaxAge: time.Hour, RequireBound: true}, entry(clerksOnly))
	c, err := read(tb, "keycloak", token(claims{
		"scope": "orders.read orders.write", "realm_access": clerks("clerk"), "department": "hr", "country": "be",
		"acr": "gold", "auth_time": now.Unix(), "cnf": claims{"x5t#S256": thumbprint},
	}))
	if err != nil {
		tb.Fatal(err)
	}
	if err := rule.Judge(c, now); err != nil {
		tb.Fatal(err)
	}
	return rule, c
}

func TestJudgeAllocatesNothing(t *testing.T) {
	rule, c := everything(t)
	if n := testing.AllocsPerRun(100, func() { rule.Judge(c, now) }); n != 0 {
		t.Errorf("Judge allocates %v times, want 0", n)
	}
	if n := testing.AllocsPerRun(100, func() { rule.CheckBinding(c, thumbprint) }); n != 0 {
		t.Errorf("CheckBinding allocates %v times, want 0", n)
	}
}

func BenchmarkJudge(b *testing.B) {
	seed, err := read(b, "keycloak", token(nil))
	if err != nil {
		b.Fatal(err)
	}
	simple := ruleOf(b, audience.Issuer{}, entry(nil))
	all, c := everything(b)
	for name, judge := range map[string]func() error{
		"seed":       func() error { return simple.Judge(seed, now) },
		"everything": func() error { return all.Judge(c, now) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := judge(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestCheckIssuer holds that an issuer is refused before anything is known of a
// token as its tokens are when they are judged.
func TestCheckIssuer(t *testing.T) {
	rule := guard(t, "order-status").Rule("/acme.orders.v1.OrderStatus/GetOrderStatus")
	const stranger = "https://login.stranger.example"
	c, err := read(t, "keycloak", token(claims{"iss": stranger}))
	if err != nil {
		t.Fatal(err)
	}
	early, late := rule.CheckIssuer(stranger), rule.Judge(c, now)
	if !errors.Is(early, audience.CauseIssuerNotAccepted) || early.Error() != late.Error() {
		t.Errorf("CheckIssuer = %v, want what Judge says: %v", early, late)
	}
	if err := rule.CheckIssuer(corp); err != nil {
		t.Errorf("CheckIssuer of ours = %v", err)
	}
	if err := guard(t, "order-status").Rule("/grpc.health.v1.Health/Check").CheckIssuer(stranger); err != nil {
		t.Errorf("CheckIssuer of a public rule = %v", err)
	}
}
