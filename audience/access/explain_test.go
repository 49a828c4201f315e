package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
)

// clerksOnly makes all demands at once.
func clerksOnly(a *access.Allow) {
	a.Callers, a.Roles = access.UsersOnly, []string{"clerk"}
	a.AnyScopes = []string{"orders.audit", "orders.write"}
	a.Claims = map[string][]string{"department": {"hr"}, "country": {"nl", "be"}}
	a.ACR, a.MaxAuthAge = []string{"gold"}, time.Hour
}

func TestExplain(t *testing.T) {
	service := entry(clerksOnly)
	service.SoleAudience = true
	rule := ruleOf(t, access.Issuer{MaxAge: time.Hour, RequireBound: true}, service)
	for name, row := range map[string]struct {
		members members
		want    string
	}{
		"admitted": {
			members{
				"scope": "orders.read orders.write", "realm_access": clerks("clerk"), "department": "hr", "country": "be",
				"acr": "gold", "auth_time": now.Unix(), "cnf": members{"x5t#S256": thumbprint},
			},
			`admitted by services.order-status.allow[0]
  ok  issuer         got iss "https://idp.example.com/realms/corp", want "https://idp.example.com/realms/corp"
  ok  audience       got aud "order-status", want "order-status"
  ok  sole audience  got aud "order-status", want no other than "order-status"
  ok  expiry         got exp 2026-11-23T12:05:00Z, want after 2026-11-23T11:59:30Z (now less 30s leeway)
  ok  not before     got nbf none, want by 2026-11-23T12:00:30Z
  ok  issued at      got iat 2026-11-23T12:00:00Z, want by 2026-11-23T12:00:30Z
  ok  lifetime       got 5m0s, want at most 24h0m0s
  ok  age            got iat 2026-11-23T12:00:00Z, want after 2026-11-23T10:59:30Z
  ok  binding        got certificate with x5t#S256 "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0", want x5t#S256 "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0"
  ok  client         got client "customer-portal" of "https://idp.example.com/realms/corp", want "customer-portal"
  ok  caller         got a call on behalf of a user, want users only
  ok  scopes         got scopes "orders.read" "orders.write", want "orders.read"
  ok  any scope      got scopes "orders.read" "orders.write", want one of "orders.audit" "orders.write"
  ok  roles          got roles "clerk", want one of "clerk"
  ok  claims         got country "be", department "hr", want country one of "nl" "be", department one of "hr"
  ok  login          got acr "gold", want one of "gold"
  ok  login age      got auth_time 2026-11-23T12:00:00Z, want at most 1h0m0s ago`,
		},
		"refused": {
			members{
				"aud": []string{"customer-portal", "account"}, "sub": "customer-portal",
				"scope": "orders.Read clerk", "department": 7, "exp": now.AddDate(1, 0, 0).Unix(),
			},
			`refused: AUDIENCE_MISMATCH by services.order-status.allow[0]
  ok  issuer         got iss "https://idp.example.com/realms/corp", want "https://idp.example.com/realms/corp"
  NO  audience       got aud "customer-portal" "account", want "order-status"
                     "customer-portal" is the client itself: it asked for no audience, or this is an ID token; an ID token tells a client who logged in; call services with the access token; in Keycloak, add a mapper of type Audience for order-status to a client scope, and assign that to client "customer-portal"; if it is optional, the client asks for it by scope. Keycloak ignores an audience parameter
  NO  sole audience  got aud "customer-portal" "account", want no other than "order-status"
                     every other service in aud could use this token here: the client should request one token for each service
  ok  expiry         got exp 2027-11-23T12:00:00Z, want after 2026-11-23T11:59:30Z (now less 30s leeway)
  ok  not before     got nbf none, want by 2026-11-23T12:00:30Z
  ok  issued at      got iat 2026-11-23T12:00:00Z, want by 2026-11-23T12:00:30Z
  NO  lifetime       got 8760h0m0s, want at most 24h0m0s
  ok  age            got iat 2026-11-23T12:00:00Z, want after 2026-11-23T10:59:30Z
  NO  binding        got x5t#S256 none, want a token that is bound to a certificate
                     the client must request it over mutual TLS, and the issuer must bind the tokens that it issues
  ok  client         got client "customer-portal" of "https://idp.example.com/realms/corp", want "customer-portal"
  NO  caller         got a service that calls as itself, want users only
                     services.order-status.allow[0] is for users: call with a token that was exchanged for the user's, or remove callers: users there
  NO  scopes         got scopes "orders.Read" "clerk", want "orders.read"
                     "orders.Read" differs from "orders.read" only by upper and lower case, and scopes are compared exactly
  NO  any scope      got scopes "orders.Read" "clerk", want one of "orders.audit" "orders.write"
                     in Keycloak, assign the client scopes orders.read orders.audit to client "customer-portal"; if they are optional, the client asks for scope=orders.read orders.audit
  NO  roles          got roles none, want one of "clerk"
                     it was granted as a scope, and a scope is never taken for a role: demand it under scopes
  NO  claims         got country none, department "7", want country one of "nl" "be", department one of "hr"
                     have https://idp.example.com/realms/corp put the claim into the token, or remove it from services.order-status.allow[0]
  NO  login          got acr none, want one of "gold"
                     have the user log in again, as services.order-status.allow[0] demands
  NO  login age      got auth_time none, want at most 1h0m0s ago
                     have the user log in again, as services.order-status.allow[0] demands`,
		},
	} {
		c, err := read(t, "keycloak", token(row.members))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(row.want, rule.Explain(c, shown(thumbprint)).String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestExplainData(t *testing.T) {
	c, err := read(t, "keycloak", token(members{"azp": "Customer-Portal"}))
	if err != nil {
		t.Fatal(err)
	}
	got := ruleOf(t, access.Issuer{}, entry(nil)).Explain(c, at(now))
	var asked []string
	for _, step := range got.Checks {
		asked = append(asked, step.Name)
	}
	if diff := cmp.Diff("issuer audience expiry not before issued at lifetime client scopes", strings.Join(asked, " ")); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
	got.Checks = got.Checks[6:7]
	want := access.Explanation{
		Service: "order-status", Entry: "services.order-status.allow[0]", Verdict: audience.CauseClientNotAllowed,
		Checks: []access.Check{{
			Name: "client", Got: `client "Customer-Portal" of "` + corp + `"`, Want: `"customer-portal"`,
			Cause: audience.CauseClientNotAllowed,
			Hint:  `"Customer-Portal" differs from "customer-portal" only by upper and lower case, and ids are compared exactly`,
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Explain (-want +got):\n%s", diff)
	}
}

// TestExplainWithoutToken shows the stories of calls without a token.
func TestExplainWithoutToken(t *testing.T) {
	optional := entry(func(a *access.Allow) { a.Optional = true })
	for want, rule := range map[string]*access.Rule{
		"refused: CREDENTIALS_MISSING": ruleOf(t, access.Issuer{}, entry(nil)),
		"admitted":                     ruleOf(t, access.Issuer{}, optional),
	} {
		if got := rule.Explain(nil, at(now)).String(); got != want {
			t.Errorf("Explain(nil) = %q, want %q", got, want)
		}
	}
	public := guard(t, "order-status").Rule("/grpc.health.v1.Health/Check")
	if got := public.Explain(nil, at(now)); got.String() != "admitted" || got.Service != "" {
		t.Errorf("Explain(nil) of a public method = %+v", got)
	}
}
