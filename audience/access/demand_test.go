package access_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
)

// ruleOf returns the rule for GetOrderStatus of a matrix of one service, and of
// options.
func ruleOf(tb testing.TB, issuer access.Issuer, service access.Service, options ...access.MethodOptions) *access.Rule {
	tb.Helper()
	issuer.URL = corp
	if issuer.Preset == "" {
		issuer.Preset = "keycloak"
	}
	service.GRPC = []string{"acme.orders.v1.OrderStatus"}
	policy, err := access.New(access.Matrix{
		Issuers:  map[string]access.Issuer{"corp": issuer},
		Services: map[string]access.Service{"order-status": service},
		Clients:  map[string]access.Client{"customer-portal": {}, "backoffice-portal": {}},
	}, options...)
	if err != nil {
		tb.Fatal(err)
	}
	guard, err := policy.Guard("order-status")
	if err != nil {
		tb.Fatal(err)
	}
	return guard.Rule(getStatus)
}

// entry returns a service with one alternative, changed.
func entry(change func(*access.Allow)) access.Service {
	a := access.Allow{Clients: []string{"customer-portal"}, Methods: []string{"*"}, Scopes: []string{"orders.read"}}
	if change != nil {
		change(&a)
	}
	return access.Service{Allow: []access.Allow{a}}
}

// verdict judges a token, and holds that it is explained as it is judged.
func verdict(t *testing.T, rule *access.Rule, preset string, members members) audience.Cause {
	t.Helper()
	c, err := read(t, preset, members)
	if err != nil {
		t.Fatal(err)
	}
	var got audience.Cause
	if err := rule.Judge(c, at(now)); err != nil {
		var refusal *audience.Refusal
		if !errors.As(err, &refusal) || !errors.Is(err, refusal.Cause) || refusal.Want == "" || refusal.Got == "" {
			t.Errorf("Judge = %v, want a Refusal that says what was wanted and what came", err)
		}
		got = refusal.Cause
	}
	if e := rule.Explain(c, at(now)); e.Verdict != got {
		t.Errorf("Explain says %q, Judge %q", e.Verdict, got)
	}
	return got
}

func clerks(names ...string) members { return members{"roles": names} }

// TestDemands shows each demand of an alternative, both ways.
func TestDemands(t *testing.T) {
	service := members{"sub": "customer-portal"}
	ago := func(d time.Duration) members { return members{"auth_time": now.Add(-d).Unix()} }
	for _, row := range []struct {
		name   string
		change func(*access.Allow)
		good   []members
		bad    []members
		want   audience.Cause
	}{
		{
			"clients", nil,
			[]members{{}},
			[]members{{"azp": "backoffice-portal"}, {"azp": "customer-portal2"}},
			audience.CauseClientNotAllowed,
		},
		{
			"users only", func(a *access.Allow) { a.Callers = access.UsersOnly },
			[]members{{}, {"sub": "backoffice-portal", "sid": "s"}, {"sub": "backoffice-portal", "auth_time": 1}, {"sub": "u", "sid": "s", "preferred_username": "service-account-x"}},
			[]members{service, {"sub": "backoffice-portal"}, {"sub": "u", "preferred_username": "service-account-x"}},
			audience.CauseCallerKind,
		},
		{
			"services only", func(a *access.Allow) { a.Callers = access.ServicesOnly },
			[]members{service},
			[]members{{}},
			audience.CauseCallerKind,
		},
		{
			"all scopes", func(a *access.Allow) { a.Scopes = []string{"a", "b"} },
			[]members{{"scope": "a b"}, {"scope": "c b a"}},
			[]members{{"scope": "a"}, {"scope": "b"}, {"scope": "ab"}, {"scope": nil}, {"scope": "A b"}},
			audience.CauseScopeMissing,
		},
		{
			"any scope", func(a *access.Allow) { a.Scopes, a.AnyScopes = nil, []string{"a", "b"} },
			[]members{{"scope": "a"}, {"scope": "c b"}},
			[]members{{"scope": "c"}, {"scope": nil}},
			audience.CauseScopeMissing,
		},
		{
			"any scope beside all", func(a *access.Allow) { a.AnyScopes = []string{"a", "b"} },
			[]members{{"scope": "orders.read a"}},
			[]members{{"scope": "orders.read"}, {"scope": "a b"}},
			audience.CauseScopeMissing,
		},
		{
			"roles", func(a *access.Allow) { a.Roles = []string{"clerk", "order-status/clerk"} },
			[]members{{"realm_access": clerks("clerk")}, {"resource_access": members{"order-status": clerks("clerk")}}},
			[]members{{}, {"realm_access": clerks("Clerk")}, {"resource_access": members{"invoices": clerks("clerk")}}, {"scope": "orders.read clerk"}},
			audience.CauseRoleMissing,
		},
		{
			"claims", func(a *access.Allow) {
				a.Claims = map[string][]string{"department": {"hr", "it"}, "country": {"nl"}}
			},
			[]members{{"department": "it", "country": "nl"}, {"department": []string{"x", "hr"}, "country": []string{"nl"}}},
			[]members{
				{},
				{"department": "hr"},
				{"country": "nl"},
				{"department": "HR", "country": "nl"},
				{"department": "hr it", "country": "nl"},
				{"department": []any{[]string{"hr"}}, "country": "nl"},
				{"department": members{"hr": true}, "country": "nl"},
				{"department": []any{}, "country": "nl"},
			},
			audience.CauseClaimNotAllowed,
		},
		{
			"claims are text", func(a *access.Allow) { a.Claims = map[string][]string{"level": {"1", "true", "null"}} },
			[]members{{"level": "1"}},
			[]members{{"level": 1}, {"level": true}, {"level": []any{1, true, nil}}},
			audience.CauseClaimNotAllowed,
		},
		{
			"acr", func(a *access.Allow) { a.ACR = []string{"gold", "silver"} },
			[]members{{"acr": "silver"}},
			[]members{{}, {"acr": "bronze"}, {"acr": "gold silver"}},
			audience.CauseStepUp,
		},
		{
			"login age", func(a *access.Allow) { a.MaxAuthAge = 10 * time.Minute },
			[]members{ago(0), ago(10 * time.Minute), ago(10*time.Minute + 29*time.Second), ago(-30 * time.Second)},
			[]members{{}, ago(10*time.Minute + 30*time.Second), ago(-31 * time.Second)},
			audience.CauseStepUp,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			rule := ruleOf(t, access.Issuer{}, entry(row.change))
			for _, members := range row.good {
				if got := verdict(t, rule, "keycloak", token(members)); got != "" {
					t.Errorf("%v is refused by %s", members, got)
				}
			}
			for _, members := range row.bad {
				if got := verdict(t, rule, "keycloak", token(members)); got != row.want {
					t.Errorf("%v is refused by %q, want %s", members, got, row.want)
				}
			}
		})
	}
}

// TestUsersAreNoClients shows that the subject of an exchanged token which is a
// client that the matrix does not know is told by its form, where it has one.
func TestUsersAreNoClients(t *testing.T) {
	rule := ruleOf(t, access.Issuer{Preset: "auth0"}, entry(func(a *access.Allow) { a.Callers = access.UsersOnly }))
	for subject, want := range map[string]audience.Cause{"stranger@clients": audience.CauseCallerKind, "auth0|1": ""} {
		if got := verdict(t, rule, "auth0", token(members{"sub": subject})); got != want {
			t.Errorf("%s: refused by %q, want %q", subject, got, want)
		}
	}
}

// TestDemandOrder shows that the reason is that of the alternative that got
// furthest, whichever comes first.
func TestDemandOrder(t *testing.T) {
	nobody := access.Allow{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, NoScopes: true}
	scopes := access.Allow{AnyClient: true, Methods: []string{"*"}, Scopes: []string{"orders.write"}}
	roles := access.Allow{AnyClient: true, Methods: []string{"*"}, NoScopes: true, Roles: []string{"clerk"}}
	acr := access.Allow{AnyClient: true, Methods: []string{"*"}, NoScopes: true, ACR: []string{"gold"}}
	open := access.Allow{AnyClient: true, Methods: []string{"*"}, NoScopes: true}
	for _, row := range []struct {
		allow []access.Allow
		want  audience.Cause
	}{
		{[]access.Allow{nobody, scopes}, audience.CauseScopeMissing},
		{[]access.Allow{scopes, nobody}, audience.CauseScopeMissing},
		{[]access.Allow{acr, roles, scopes}, audience.CauseStepUp},
		{[]access.Allow{nobody, roles, scopes}, audience.CauseRoleMissing},
		{[]access.Allow{acr, roles, scopes, open}, ""},
	} {
		rule := ruleOf(t, access.Issuer{}, access.Service{Allow: row.allow})
		if got := verdict(t, rule, "keycloak", token(nil)); got != row.want {
			t.Errorf("%+v: refused by %q, want %q", row.allow, got, row.want)
		}
	}
}

// TestChallenge shows what a peer is told to ask for.
func TestChallenge(t *testing.T) {
	for _, row := range []struct {
		change  func(*access.Allow)
		members members
		want    audience.Challenge
	}{
		{func(a *access.Allow) { a.Scopes = []string{"a", "b", "c"} }, members{"scope": "b"}, audience.Challenge{Scopes: []string{"a", "c"}}},
		{func(a *access.Allow) { a.AnyScopes = []string{"a", "b"} }, members{"scope": nil}, audience.Challenge{Scopes: []string{"orders.read", "a"}}},
		{func(a *access.Allow) { a.AnyScopes = []string{"a", "b"} }, members{"scope": "b"}, audience.Challenge{Scopes: []string{"orders.read"}}},
		{
			func(a *access.Allow) { a.ACR, a.MaxAuthAge = []string{"gold"}, time.Minute },
			members{},
			audience.Challenge{ACR: []string{"gold"}, MaxAge: time.Minute},
		},
		{func(a *access.Allow) { a.ACR = []string{"gold"} }, members{"azp": "backoffice-portal"}, audience.Challenge{}},
		{func(a *access.Allow) { a.Roles = []string{"clerk"} }, members{}, audience.Challenge{}},
	} {
		c, err := read(t, "keycloak", token(row.members))
		if err != nil {
			t.Fatal(err)
		}
		var refusal *audience.Refusal
		if err := ruleOf(t, access.Issuer{}, entry(row.change)).Judge(c, at(now)); !errors.As(err, &refusal) {
			t.Errorf("%v is admitted", row.members)
		} else if diff := cmp.Diff(row.want, refusal.Challenge); diff != "" {
			t.Errorf("%v: challenge (-want +got):\n%s", err, diff)
		}
	}
}
