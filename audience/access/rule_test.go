package access_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
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
func company() access.Matrix {
	return access.Matrix{
		Issuers: map[string]access.Issuer{
			"corp":    {URL: corp, Preset: "keycloak"},
			"partner": {URL: partner, Preset: "keycloak"},
		},
		Services: map[string]access.Service{
			"order-status": {
				Issuers: []string{"corp", "partner"},
				GRPC:    []string{"acme.orders.v1.OrderStatus"},
				Self:    true,
				Allow: []access.Allow{
					{Clients: []string{"customer-portal", "backoffice-portal", "order-status"}, Methods: []string{"GetOrderStatus"}, Scopes: []string{"orders.read"}},
					{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, Scopes: []string{"orders.write", "orders.read"}},
				},
			},
			"human-resource": {
				Issuers: []string{"corp"},
				GRPC:    []string{"acme.hr.v1.HumanResource"},
				Allow:   []access.Allow{{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, NoScopes: true}},
			},
			"catalogue": {
				Issuers: []string{"corp"},
				GRPC:    []string{"acme.catalogue.v1.Catalogue"},
				Allow:   []access.Allow{{AnyClient: true, Methods: []string{"*"}, NoScopes: true}},
			},
		},
		Clients: map[string]access.Client{
			"customer-portal":   {Issuer: "corp"},
			"backoffice-portal": {Issuer: "corp"},
			"order-status":      {Issuer: "corp"},
		},
		Public: []string{"grpc.health.v1.Health", "acme.orders.v1.OrderStatus/Version"},
	}
}

func guard(t *testing.T, services ...string) *access.Guard {
	t.Helper()
	policy, err := access.New(company())
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

// null is the JSON value; a nil in [token] takes a claim out.
var null = json.RawMessage("null")

// at is a token that came at a time without proof.
func at(t time.Time) access.Presentation { return access.Presentation{Time: t} }

// shown is a token that came now, over a connection that showed the certificate
// of a thumbprint.
func shown(thumbprint string) access.Presentation {
	return access.Presentation{Time: now, Certificate: thumbprint}
}

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

func read(t testing.TB, preset string, members map[string]any) (*claims.Claims, error) {
	t.Helper()
	payload, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := claims.LookupPreset(preset)
	if !ok {
		t.Fatalf("no preset %q", preset)
	}
	return p.Claims(payload)
}

type members = map[string]any

// TestAudienceRules shows what an audience is, one rule a row.
func TestAudienceRules(t *testing.T) {
	guard := guard(t, "order-status", "human-resource", "catalogue")
	const getItem = "/acme.catalogue.v1.Catalogue/GetItem"
	for _, row := range []struct {
		rule   string
		method string
		claims members
		want   audience.Cause // "" admits
	}{
		{"aud may be a string", getStatus, members{}, ""},
		{"aud may be an array", getStatus, members{"aud": []string{"order-status"}}, ""},
		{"the service finds itself among several", getStatus, members{"aud": []string{"account", "order-status"}}, ""},
		{"the service must find itself", getStatus, members{"aud": "human-resource"}, audience.CauseAudienceMismatch},
		{"aud is compared exactly: case", getStatus, members{"aud": "Order-Status"}, audience.CauseAudienceMismatch},
		{"aud is compared exactly: slash", getStatus, members{"aud": "order-status/"}, audience.CauseAudienceMismatch},
		{"aud is compared exactly: prefix", getStatus, members{"aud": "order-status-v2"}, audience.CauseAudienceMismatch},
		{"aud is never split", getStatus, members{"aud": "human-resource order-status"}, audience.CauseAudienceMismatch},

		{"a client is its own audience", getStatus, members{"aud": nil, "azp": "order-status"}, ""},
		{"a client with another's aud is not", getStatus, members{"aud": "human-resource", "azp": "order-status"}, audience.CauseAudienceMismatch},
		{"no aud is good at that client only", getStatus, members{"aud": nil}, audience.CauseAudienceMissing},
		{"no aud is good at that issuer's client only", getStatus, members{"aud": nil, "azp": "order-status", "iss": partner}, audience.CauseAudienceMissing},
		{"no aud is good only where the policy says self", getEmployee, members{"aud": nil, "azp": "human-resource"}, audience.CauseAudienceMissing},
		{"no aud and no client is nobody's", getStatus, members{"aud": nil, "azp": nil}, audience.CauseAudienceMissing},

		{"several audiences name who asked", getStatus, members{"aud": []string{"order-status", "human-resource"}}, ""},
		{"or in client_id", getStatus, members{"aud": []string{"order-status", "human-resource"}, "azp": nil, "client_id": "customer-portal"}, ""},
		{"several audiences without who asked", getStatus, members{"aud": []string{"order-status", "human-resource"}, "azp": nil}, audience.CauseClientMissing},
		{"one audience without who asked", getStatus, members{"azp": nil}, audience.CauseClientMissing},
		{"who asked does not matter where no client is named", getItem, members{"aud": []string{"catalogue", "account"}, "azp": nil}, ""},

		{"the audience is right and the client is not", getEmployee, members{"aud": "human-resource"}, audience.CauseClientNotAllowed},
		{"an id is compared exactly", getStatus, members{"azp": "Customer-Portal"}, audience.CauseClientNotAllowed},
		{"a client is an issuer and an id", getStatus, members{"iss": partner}, audience.CauseClientNotAllowed},

		{"a scope is another question", getStatus, members{"scope": "orders.write"}, audience.CauseScopeMissing},
		{"no scope at all", getStatus, members{"scope": nil}, audience.CauseScopeMissing},
		{"a scope is compared exactly", getStatus, members{"scope": "orders.read.all"}, audience.CauseScopeMissing},
		{"the alternatives are alternatives", updateStatus, members{"azp": "backoffice-portal", "scope": "orders.write orders.read"}, ""},
		{"the demands of one must all hold", updateStatus, members{"azp": "backoffice-portal", "scope": "orders.write"}, audience.CauseScopeMissing},
		{"the demands of two do not add up", updateStatus, members{"scope": "orders.write orders.read"}, audience.CauseClientNotAllowed},

		{"the issuer is always checked", getEmployee, members{"aud": "human-resource", "azp": "backoffice-portal", "iss": partner}, audience.CauseIssuerNotAccepted},
		{"an issuer is compared exactly", getEmployee, members{"aud": "human-resource", "azp": "backoffice-portal", "iss": corp + "/"}, audience.CauseIssuerNotAccepted},

		{"a token ends, with leeway", getStatus, members{"exp": now.Add(-29 * time.Second).Unix()}, ""},
		{"and not beyond it", getStatus, members{"exp": now.Add(-30 * time.Second).Unix()}, audience.CauseExpired},
		{"nbf, with leeway", getStatus, members{"nbf": now.Add(30 * time.Second).Unix()}, ""},
		{"and not before it", getStatus, members{"nbf": now.Add(31 * time.Second).Unix()}, audience.CauseNotYetValid},
		{"iat, with leeway", getStatus, members{"iat": now.Add(30 * time.Second).Unix()}, ""},
		{"and not before that", getStatus, members{"iat": now.Add(31 * time.Second).Unix()}, audience.CauseNotYetValid},
		{"a life of a day", getStatus, members{"exp": now.Add(24 * time.Hour).Unix()}, ""},
		{"is the longest", getStatus, members{"exp": now.Add(24*time.Hour + time.Second).Unix()}, audience.CauseLifetimeTooLong},
		{"a life without iat", getStatus, members{"iat": nil}, ""},
		{"without iat it counts from now", getStatus, members{"iat": nil, "exp": now.Add(25 * time.Hour).Unix()}, audience.CauseLifetimeTooLong},
		{"exp in milliseconds", getStatus, members{"exp": now.Add(time.Minute).UnixMilli()}, audience.CauseLifetimeTooLong},
	} {
		t.Run(row.rule, func(t *testing.T) {
			if got := verdict(t, guard.Rule(row.method), "keycloak", token(row.claims)); got != row.want {
				t.Errorf("refused by %q, want %q", got, row.want)
			}
		})
	}
}

// TestPublicRule shows that a public rule asks nothing.
func TestPublicRule(t *testing.T) {
	c, err := read(t, "keycloak", token(members{"iss": "x", "exp": 1}))
	if err != nil {
		t.Fatal(err)
	}
	if err := guard(t, "order-status").Rule("/grpc.health.v1.Health/Check").Judge(c, at(now)); err != nil {
		t.Errorf("Judge = %v", err)
	}
}

func TestOptional(t *testing.T) {
	rule := ruleOf(t, access.Issuer{}, entry(func(a *access.Allow) { a.Optional = true }))
	if !rule.Optional() || rule.Public() || ruleOf(t, access.Issuer{}, entry(nil)).Optional() {
		t.Error("an optional rule is one that says so")
	}
	if got := verdict(t, rule, "keycloak", token(members{"aud": "invoices"})); got != audience.CauseAudienceMismatch {
		t.Errorf("a bad token is refused by %q, want %s", got, audience.CauseAudienceMismatch)
	}
	if err := rule.Judge(nil, at(now)); !errors.Is(err, audience.CauseCredentialsMissing) {
		t.Errorf("Judge(nil) = %v, want %s", err, audience.CauseCredentialsMissing)
	}
}

// everything returns a rule that demands all that can be demanded, and claims
// that hold.
func everything(tb testing.TB) (*access.Rule, *claims.Claims) {
	tb.Helper()
	rule := ruleOf(tb, access.Issuer{MaxAge: time.Hour, RequireBound: true}, entry(clerksOnly))
	c, err := read(tb, "keycloak", token(members{
		"scope": "orders.read orders.write", "realm_access": clerks("clerk"), "department": "hr", "country": "be",
		"acr": "gold", "auth_time": now.Unix(), "cnf": members{"x5t#S256": thumbprint},
	}))
	if err != nil {
		tb.Fatal(err)
	}
	if err := rule.Judge(c, shown(thumbprint)); err != nil {
		tb.Fatal(err)
	}
	return rule, c
}

func TestJudgeAllocatesNothing(t *testing.T) {
	rule, c := everything(t)
	if n := testing.AllocsPerRun(100, func() { rule.Judge(c, shown(thumbprint)) }); n != 0 {
		t.Errorf("Judge allocates %v times, want 0", n)
	}
}

func BenchmarkJudge(b *testing.B) {
	usual, err := read(b, "keycloak", token(nil))
	if err != nil {
		b.Fatal(err)
	}
	simple := ruleOf(b, access.Issuer{}, entry(nil))
	all, c := everything(b)
	for name, judge := range map[string]func() error{
		"simple":     func() error { return simple.Judge(usual, at(now)) },
		"everything": func() error { return all.Judge(c, shown(thumbprint)) },
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

// TestCheckIssuer shows that an issuer is refused before anything is known of a
// token as its tokens are when they are judged.
func TestCheckIssuer(t *testing.T) {
	rule := guard(t, "order-status").Rule("/acme.orders.v1.OrderStatus/GetOrderStatus")
	const stranger = "https://login.stranger.example"
	c, err := read(t, "keycloak", token(members{"iss": stranger}))
	if err != nil {
		t.Fatal(err)
	}
	early, late := rule.CheckIssuer(stranger), rule.Judge(c, at(now))
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
