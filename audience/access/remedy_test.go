package access_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// TestRemediesOfRules shows that a refusal by a rule says what to change.
func TestRemediesOfRules(t *testing.T) {
	const guid, other = "9f2b6a3e-5d1c-4f7a-8b0e-2c4d6e8f0a1b", "0f2b6a3e-5d1c-4f7a-8b0e-2c4d6e8f0a1c"
	named, numbered, uri := entry(nil), entry(nil), entry(nil)
	numbered.Audiences, uri.Audiences = []string{guid}, []string{"api://orders"}
	roles := entry(func(a *access.Allow) { a.Roles = []string{"Clerk"} })
	open := entry(func(a *access.Allow) { a.Clients, a.AnyClient = nil, true })
	otherMethod := entry(nil)
	otherMethod.Allow = append(otherMethod.Allow, access.Allow{Clients: []string{"backoffice-portal"}, Methods: []string{"Other"}, NoScopes: true})
	for _, row := range []struct {
		service access.Service
		members members
		want    string
	}{
		{named, members{"aud": "account"}, "audience mapper"},
		{named, members{"aud": "Order-Status"}, "upper and lower case, and audiences"},
		{named, members{"aud": "order-status/"}, "a trailing slash"},
		{named, members{"aud": " order-status"}, "white space"},
		{named, members{"aud": "https://order-status"}, "its scheme"},
		{named, members{"aud": "https://order-status/"}, "its scheme and a trailing slash"},
		{named, members{"aud": "invoices"}, "mapper of type Audience for order-status"},
		{named, members{"aud": nil}, "without an audience"},
		{named, members{"aud": "customer-portal"}, "is the client itself"},
		{named, members{"aud": guid}, "is an id and not a name"},
		{numbered, members{"aud": other}, "mapper of type Audience"},
		{numbered, members{"aud": "api://" + guid}, "App ID URI"},
		{numbered, members{"aud": "api://orders"}, "App ID URI"},
		{uri, members{"aud": guid}, "requestedAccessTokenVersion"},
		{named, members{"aud": "invoices", "azp": "stranger"}, `the matrix does not let client "stranger" call order-status: see services.order-status.allow, `},
		{named, members{"aud": nil, "azp": "stranger"}, `the matrix does not let client "stranger" call`},
		{named, members{"aud": "order-status/", "azp": "stranger"}, `the matrix does not let client "stranger" call`},
		{open, members{"aud": "invoices", "azp": "stranger"}, `mapper of type Audience for order-status to a client scope, and assign that to client "stranger"`},
		{otherMethod, members{"aud": "invoices", "azp": "backoffice-portal"}, `assign that to client "backoffice-portal"`},
		{named, members{"iss": corp + "/"}, "a trailing slash, and issuers"},
		{named, members{"iss": "https://evil.example"}, "if services.order-status is to accept its tokens"},
		{named, members{"azp": "CUSTOMER-portal"}, "upper and lower case, and ids"},
		{named, members{"azp": guid}, "name clients by id"},
		{named, members{"azp": "backoffice-portal"}, `if client "backoffice-portal" may call this`},
		{named, members{"scope": "Orders.Read"}, "upper and lower case, and scopes"},
		{named, members{"scope": "orders.write"}, "assign the client scopes orders.read"},
		{named, members{"scope": nil, "realm_access": clerks("orders.read")}, "granted as a role"},
		{roles, members{"scope": "orders.read Clerk"}, "granted as a scope"},
		{roles, members{"realm_access": clerks("clerk")}, "upper and lower case, and roles"},
	} {
		c, err := read(t, "keycloak", token(row.members))
		if err != nil {
			t.Fatal(err)
		}
		var refusal *audience.Refusal
		if !errors.As(ruleOf(t, access.Issuer{}, row.service).Judge(c, at(now)), &refusal) {
			t.Errorf("%v was admitted", row.members)
		} else if !strings.Contains(refusal.Hint, row.want) || (row.want == "") != (refusal.Hint == "") {
			t.Errorf("hint for %v = %q, want one about %q", row.members, refusal.Hint, row.want)
		}
	}
}

// TestHintOfAnotherIssuer shows that a client of the right id and the wrong
// issuer is told as that.
func TestHintOfAnotherIssuer(t *testing.T) {
	c, err := read(t, "keycloak", token(members{"iss": partner}))
	if err != nil {
		t.Fatal(err)
	}
	err = guard(t, "order-status").Rule(getStatus).Judge(c, at(now))
	if want := `the rule means the client of that id at "` + corp + `"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Judge = %v, want it to say %q", err, want)
	}
}

// TestTypeHints shows that the operator is told which other kind of token came.
func TestTypeHints(t *testing.T) {
	p, _ := claims.LookupPreset("rfc9068")
	for typ, want := range map[string]string{
		"JWT": "an ID token", "Refresh": "a refresh token", "logout+jwt": "a logout token", "dpop+jwt": "a DPoP proof", "x": "name its preset",
	} {
		var refusal *audience.Refusal
		if errors.As(p.CheckType(typ), &refusal); refusal == nil || !strings.Contains(refusal.Hint, want) {
			t.Errorf("typ %q: %v, want a hint about %q", typ, refusal, want)
		}
	}
}

// TestSchemeHints shows that a scheme is noticed on either side.
func TestSchemeHints(t *testing.T) {
	m := company()
	service := m.Services["order-status"]
	service.Audiences = []string{"https://orders"}
	m.Services["order-status"] = service
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	guard, err := policy.Guard("order-status")
	if err != nil {
		t.Fatal(err)
	}
	for aud, want := range map[string]bool{"orders": true, "http://orders": true, "http://invoices": false, "invoices": false} {
		c, err := read(t, "keycloak", token(members{"aud": aud}))
		if err != nil {
			t.Fatal(err)
		}
		err = guard.Rule(getStatus).Judge(c, at(now))
		if got := strings.Contains(err.Error(), "only by its scheme"); got != want {
			t.Errorf("aud %q: %v, want a word about its scheme: %v", aud, err, want)
		}
	}
}
