package access_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
)

// TestDemandsOnTokens shows what the matrix may say of an issuer's and a service's
// tokens, both ways.
func TestDemandsOnTokens(t *testing.T) {
	in := func(d time.Duration) int64 { return now.Add(d).Unix() }
	sole := entry(nil)
	sole.SoleAudience, sole.Audiences = true, []string{"order-status", "orders"}
	for _, row := range []struct {
		name    string
		issuer  access.Issuer
		service access.Service
		members members
		want    audience.Cause
	}{
		{"leeway", access.Issuer{Leeway: time.Minute}, entry(nil), members{"exp": in(-59 * time.Second)}, ""},
		{"leeway ends", access.Issuer{Leeway: time.Minute}, entry(nil), members{"exp": in(-time.Minute)}, audience.CauseExpired},
		{"leeway of nbf", access.Issuer{Leeway: time.Minute}, entry(nil), members{"nbf": in(time.Minute)}, ""},
		{"small leeway", access.Issuer{Leeway: time.Second}, entry(nil), members{"nbf": in(2 * time.Second)}, audience.CauseNotYetValid},
		{"small leeway of iat", access.Issuer{Leeway: time.Second}, entry(nil), members{"iat": in(2 * time.Second)}, audience.CauseNotYetValid},
		{"long life", access.Issuer{MaxLifetime: 48 * time.Hour}, entry(nil), members{"exp": in(48 * time.Hour)}, ""},
		{"too long a life", access.Issuer{MaxLifetime: 48 * time.Hour}, entry(nil), members{"exp": in(49 * time.Hour)}, audience.CauseLifetimeTooLong},
		{"short life", access.Issuer{MaxLifetime: time.Minute}, entry(nil), members{}, audience.CauseLifetimeTooLong},
		{"young", access.Issuer{MaxAge: time.Hour}, entry(nil), members{"iat": in(-time.Hour - 29*time.Second)}, ""},
		{"too old", access.Issuer{MaxAge: time.Hour}, entry(nil), members{"iat": in(-time.Hour - 30*time.Second)}, audience.CauseTokenTooOld},
		{"of no age", access.Issuer{MaxAge: time.Hour}, entry(nil), members{"iat": nil}, audience.CauseTokenTooOld},
		{"bound, without its certificate", access.Issuer{RequireBound: true}, entry(nil), members{"cnf": members{"x5t#S256": thumbprint}}, audience.CauseBindingMismatch},
		{"not bound", access.Issuer{RequireBound: true}, entry(nil), members{}, audience.CauseBindingMissing},
		{"sole audience", access.Issuer{}, sole, members{}, ""},
		{"sole audiences", access.Issuer{}, sole, members{"aud": []string{"orders", "order-status"}}, ""},
		{"not the sole audience", access.Issuer{}, sole, members{"aud": []string{"order-status", "invoices"}}, audience.CauseAudienceNotSole},
		{"another's sole audience", access.Issuer{}, sole, members{"aud": "invoices"}, audience.CauseAudienceMismatch},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := verdict(t, ruleOf(t, row.issuer, row.service), "keycloak", token(row.members)); got != row.want {
				t.Errorf("refused by %q, want %q", got, row.want)
			}
		})
	}
}

// TestInsecureNoAudience shows what stands for aud where an issuer sends none.
func TestInsecureNoAudience(t *testing.T) {
	cognito := func(m members) members {
		all := members{"iss": corp, "sub": "customer-portal", "client_id": "customer-portal", "token_use": "access", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
		for name, value := range m {
			all[name] = value
		}
		return all
	}
	strict := entry(func(a *access.Allow) { a.Scopes = []string{"orders/read"} })
	weak := strict
	weak.InsecureNoAudience = "orders/"
	for _, row := range []struct {
		service access.Service
		members members
		want    audience.Cause
	}{
		{weak, members{"scope": "orders/read"}, ""},
		{weak, members{"scope": "invoices/read orders/read"}, ""},
		{weak, members{"scope": "orders/read", "aud": "order-status"}, ""},
		{weak, members{"scope": "orders/read", "aud": "invoices"}, audience.CauseAudienceMismatch},
		{weak, members{"scope": "orders/write"}, audience.CauseScopeMissing},
		{weak, members{"scope": "orders-admin/read"}, audience.CauseAudienceMissing},
		{weak, members{"scope": "invoices/read"}, audience.CauseAudienceMissing},
		{weak, members{}, audience.CauseAudienceMissing},
		{weak, members{"scope": "orders/read", "client_id": "stranger"}, audience.CauseClientNotAllowed},
		{strict, members{"scope": "orders/read"}, audience.CauseAudienceMissing},
		{strict, members{"scope": "orders/read", "aud": "order-status"}, ""},
	} {
		rule := ruleOf(t, access.Issuer{Preset: "cognito"}, row.service)
		if got := verdict(t, rule, "cognito", cognito(row.members)); got != row.want {
			t.Errorf("%v with prefix %q: refused by %q, want %q", row.members, row.service.InsecureNoAudience, got, row.want)
		}
	}
}

// TestInsecureNoAudienceElsewhere shows that the weakness stays with the issuer
// that has it.
func TestInsecureNoAudienceElsewhere(t *testing.T) {
	policy, err := access.New(access.Matrix{
		Issuers: map[string]access.Issuer{"pool": {URL: partner, Preset: "cognito"}, "corp": {URL: corp, Preset: "keycloak"}},
		Services: map[string]access.Service{"order-status": {
			Issuers: []string{"pool", "corp"}, GRPC: []string{"acme.orders.v1.OrderStatus"}, InsecureNoAudience: "orders/",
			Allow: []access.Allow{{Clients: []string{"customer-portal"}, Methods: []string{"*"}, Scopes: []string{"orders/read"}}},
		}},
		Clients: map[string]access.Client{"customer-portal": {Issuer: "corp"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	guard, err := policy.Guard("order-status")
	if err != nil {
		t.Fatal(err)
	}
	for aud, want := range map[any]audience.Cause{nil: audience.CauseAudienceMissing, "order-status": ""} {
		if got := verdict(t, guard.Rule(getStatus), "keycloak", token(members{"aud": aud, "scope": "orders/read"})); got != want {
			t.Errorf("aud %v is refused by %q, want %q", aud, got, want)
		}
	}
}

const (
	thumbprint = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0"
	another    = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"
)

// TestBoundTokenNeedsItsCertificate: RFC 8705, section 3.
func TestBoundTokenNeedsItsCertificate(t *testing.T) {
	bound := members{"cnf": members{"x5t#S256": another}}
	for _, row := range []struct {
		members members
		require bool
		peer    string
		want    audience.Cause
	}{
		{bound, false, another, ""},
		{bound, true, another, ""},
		{bound, false, thumbprint, audience.CauseBindingMismatch},
		{bound, false, another + "=", audience.CauseBindingMismatch},
		{bound, false, "", audience.CauseBindingMismatch},
		{bound, true, "", audience.CauseBindingMismatch},
		{members{}, false, "", ""},
		{members{}, false, thumbprint, ""},
		{members{}, true, thumbprint, audience.CauseBindingMissing},
		{members{}, true, "", audience.CauseBindingMissing},
	} {
		c, err := read(t, "keycloak", token(row.members))
		if err != nil {
			t.Fatal(err)
		}
		rule := ruleOf(t, access.Issuer{RequireBound: row.require}, entry(nil))
		switch err := rule.Judge(c, shown(row.peer)); {
		case row.want == "" && err != nil:
			t.Errorf("%+v: Judge = %v", row, err)
		case row.want != "" && !errors.Is(err, row.want):
			t.Errorf("%+v: Judge = %v, want %s", row, err, row.want)
		}
		if got := rule.Explain(c, shown(row.peer)).Verdict; got != row.want {
			t.Errorf("%+v: Explain = %q, want %q", row, got, row.want)
		}
	}
	if err := guard(t, "order-status").Rule("/grpc.health.v1.Health/Check").Judge(nil, at(now)); err != nil {
		t.Errorf("public: Judge = %v", err)
	}
}

// TestExplainOfflineSaysThatTheBindingWasNotChecked: the text never says that a
// bound token is admitted without a condition.
func TestExplainOfflineSaysThatTheBindingWasNotChecked(t *testing.T) {
	rule := ruleOf(t, access.Issuer{}, entry(nil))
	for _, row := range []struct {
		cnf      any
		unproven bool
		want     string
	}{
		{members{"x5t#S256": another}, true, "admitted, if the connection shows the certificate that the token is bound to, by services.order-status.allow[0]\n"},
		{nil, false, "admitted by services.order-status.allow[0]\n"},
	} {
		c, err := read(t, "keycloak", token(members{"cnf": row.cnf}))
		if err != nil {
			t.Fatal(err)
		}
		e := rule.ExplainOffline(c, now)
		if e.Verdict != "" || e.Unproven != row.unproven || !strings.HasPrefix(e.String(), row.want) {
			t.Errorf("cnf %v: unproven %t, %s", row.cnf, e.Unproven, e)
		}
		if row.unproven && !strings.Contains(e.String(), "which was not checked") {
			t.Errorf("cnf %v: no step says so: %s", row.cnf, e)
		}
	}
}

// TestJudgeAdmitsUntilTheEnd shows that Judge admits until then and not from then on.
func TestJudgeAdmitsUntilTheEnd(t *testing.T) {
	for _, row := range []struct {
		issuer  access.Issuer
		members members
		want    time.Duration
	}{
		{access.Issuer{}, members{}, 5*time.Minute + 30*time.Second},
		{access.Issuer{Leeway: time.Second}, members{}, 5*time.Minute + time.Second},
		{access.Issuer{MaxAge: time.Hour}, members{}, 5*time.Minute + 30*time.Second},
		{access.Issuer{MaxAge: time.Minute}, members{}, time.Minute + 30*time.Second},
	} {
		c, err := read(t, "keycloak", token(row.members))
		if err != nil {
			t.Fatal(err)
		}
		rule := ruleOf(t, row.issuer, entry(nil))
		end := rule.Ends(c)
		if got := end.Sub(now); got != row.want {
			t.Errorf("%+v: ends after %v, want %v", row.issuer, got, row.want)
		}
		if err := rule.Judge(c, access.Presentation{Time: end.Add(-time.Nanosecond)}); err != nil {
			t.Errorf("%+v: just before: %v", row.issuer, err)
		}
		if err := rule.Judge(c, access.Presentation{Time: end}); err == nil {
			t.Errorf("%+v: admitted at its end", row.issuer)
		}
	}
}
