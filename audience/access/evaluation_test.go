package access_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
)

// TestJudgeAndExplainAgree shows, for random rules and tokens, that Judge refuses
// exactly when Explain has a check that fails, with the cause of the first of them.
func TestJudgeAndExplainAgree(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := random{rand.New(rand.NewPCG(seed, 0))}
	seen := map[audience.Cause]int{}
	for range 400 {
		rule := r.rule(t)
		for range 25 {
			c, err := read(t, "keycloak", r.token())
			if err != nil {
				t.Fatal(err)
			}
			p := access.Presentation{Time: now, Certificate: one(r, "", thumbprint, another), Answer: one(r, access.Answer{}, access.Answer{Active: true, Age: one(r, 0, time.Minute)})}
			var judged audience.Cause
			if err := rule.Judge(c, p); err != nil {
				judged = err.(*audience.Refusal).Cause
			}
			seen[judged]++
			explained := rule.Explain(c, p)
			var failed audience.Cause
			if i := slices.IndexFunc(explained.Checks, func(c access.Check) bool { return !c.OK }); i >= 0 {
				failed = explained.Checks[i].Cause
			}
			if judged != failed || judged != explained.Verdict {
				t.Fatalf("seed %d: Judge = %q, Explain = %s", seed, judged, explained)
			}
			age, asks := rule.AsksIssuer(c, p)
			if asks != (judged == audience.CauseIntrospectionUnavailable) {
				t.Fatalf("seed %d: Judge = %q, AsksIssuer = %t", seed, judged, asks)
			}
			offline := rule.ExplainOffline(c, now)
			if asks {
				if !offline.Unasked {
					t.Fatalf("seed %d: ExplainOffline = %s", seed, offline)
				}
				judged, p.Answer = "", access.Answer{Active: true, Age: age}
				if err := rule.Judge(c, p); err != nil {
					t.Fatalf("seed %d: Judge with an answer = %v", seed, err)
				}
			}
			if c.Binding() != "" && !offline.Unproven || judged != audience.CauseBindingMismatch && judged != offline.Verdict && !offline.Unproven {
				t.Fatalf("seed %d: Judge = %q, ExplainOffline = %s", seed, judged, offline)
			}
		}
	}
	for _, cause := range []audience.Cause{
		"", audience.CauseIssuerNotAccepted, audience.CauseAudienceMissing, audience.CauseAudienceMismatch, audience.CauseAudienceNotSole,
		audience.CauseExpired, audience.CauseNotYetValid, audience.CauseLifetimeTooLong, audience.CauseTokenTooOld,
		audience.CauseBindingMissing, audience.CauseBindingMismatch, audience.CauseClientMissing, audience.CauseClientNotAllowed,
		audience.CauseCallerKind, audience.CauseScopeMissing, audience.CauseRoleMissing, audience.CauseClaimNotAllowed, audience.CauseStepUp,
		audience.CauseIntrospectionUnavailable,
	} {
		if seen[cause] == 0 {
			t.Errorf("seed %d: no token was refused by %q: the test shows nothing about it", seed, cause)
		}
	}
}

// random makes rules and tokens, most of which are good in most respects.
type random struct{ *rand.Rand }

// one returns the first of the values half of the time, else any of them.
func one[T any](r random, values ...T) T {
	if r.IntN(2) == 0 {
		return values[0]
	}
	return values[r.IntN(len(values))]
}

// rarely reports true once in eight times.
func (r random) rarely() bool { return r.IntN(8) == 0 }

func (r random) rule(t *testing.T) *access.Rule {
	t.Helper()
	m := access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: corp, Preset: "keycloak", RequireBound: r.rarely(), MaxAge: one(r, 0, time.Minute), Introspection: onlineOnly}},
		Services: map[string]access.Service{"order-status": {
			GRPC: []string{"acme.orders.v1.OrderStatus"}, Self: true, SoleAudience: one(r, false, true), Allow: []access.Allow{r.allow(), r.allow()},
		}},
		Clients: map[string]access.Client{"customer-portal": {}, "backoffice-portal": {}, "order-status": {}},
	}
	var options []access.MethodOptions
	if r.rarely() {
		options = append(options, access.MethodOptions{
			GRPC: "acme.orders.v1.OrderStatus", Method: "GetOrderStatus", Place: "orders.proto:7",
			Demands: access.Allow{Scopes: []string{one(r, "orders.read", "orders.audit")}, Roles: one(r, nil, []string{"clerk"}), Online: r.rarely()},
		})
	}
	policy, err := access.New(m, options...)
	if err != nil {
		t.Fatal(err)
	}
	g, err := policy.Guard("order-status")
	if err != nil {
		t.Fatal(err)
	}
	return g.Rule(getStatus)
}

func (r random) allow() access.Allow {
	a := access.Allow{
		Methods: []string{"*"}, Clients: []string{one(r, "customer-portal", "backoffice-portal", "order-status")},
		Scopes:    []string{one(r, "orders.read", "orders.write")},
		AnyScopes: one(r, nil, []string{"orders.audit", "orders.write"}),
		Roles:     one(r, nil, []string{"clerk", "auditor"}),
	}
	if r.rarely() {
		a.Claims = map[string][]string{"department": {"hr"}}
	}
	if r.rarely() {
		a.Online, a.OnlineMaxAge = true, one(r, 0, time.Second)
	}
	if r.rarely() {
		a.Callers = one(r, access.UsersOnly, access.ServicesOnly)
	}
	if a.Callers != access.ServicesOnly && r.rarely() {
		a.ACR, a.MaxAuthAge = one(r, nil, []string{"gold"}), one(r, 0, time.Hour)
	}
	return a
}

func (r random) token() map[string]any {
	in := func(d time.Duration) any { return now.Add(d).Unix() }
	m := members{
		"iss": one[any](r, corp, corp, corp, corp, partner),
		"aud": one[any](r, "order-status", []string{"order-status", "account"}, "human-resource", nil),
		"azp": one[any](r, "customer-portal", "backoffice-portal", "order-status", "stranger", nil),
		"sub": one[any](r, "alice", "customer-portal"),
		"exp": one(r, in(5*time.Minute), in(-time.Hour), in(48*time.Hour)),
		"iat": one(r, in(0), in(-2*time.Minute), in(time.Hour), nil),
		"nbf": one(r, nil, in(0), in(time.Hour)),

		"scope":        one[any](r, "orders.read orders.write", "orders.read", "orders.audit", nil),
		"realm_access": one[any](r, clerks("clerk"), clerks("auditor"), nil),
		"department":   one[any](r, "hr", []string{"hr", "it"}, 7, nil),
		"acr":          one[any](r, "gold", "silver", nil),
		"auth_time":    one(r, nil, in(0), in(-2*time.Hour)),
	}
	if r.rarely() {
		m["cnf"] = members{"x5t#S256": one(r, thumbprint, another)}
	}
	return token(m)
}

// TestBoundTokenIsNeverAdmittedWithoutItsCertificate goes through all that package
// access offers to judge with: whatever else is true of a bound token, no answer
// admits it without its certificate, or without saying that this was not checked.
func TestBoundTokenIsNeverAdmittedWithoutItsCertificate(t *testing.T) {
	c, err := read(t, "keycloak", token(members{"cnf": members{"x5t#S256": thumbprint}}))
	if err != nil {
		t.Fatal(err)
	}
	rule := guard(t, "order-status").Rule(getStatus)
	for _, certificate := range []string{"", another, thumbprint + "=", thumbprint[1:]} {
		if err := rule.Judge(c, shown(certificate)); !errors.Is(err, audience.CauseBindingMismatch) {
			t.Errorf("Judge with certificate %q = %v", certificate, err)
		}
		if e := rule.Explain(c, shown(certificate)); e.Verdict != audience.CauseBindingMismatch {
			t.Errorf("Explain with certificate %q = %s", certificate, e)
		}
	}
	if e := rule.ExplainOffline(c, now); !e.Unproven {
		t.Errorf("ExplainOffline = %s", e)
	}
	if err := rule.Judge(c, shown(thumbprint)); err != nil {
		t.Errorf("Judge with its certificate = %v", err)
	}
}
