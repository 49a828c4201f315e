package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
)

// observedService is a service that only a rollout is about.
func observedService(change func(*access.Service)) access.Service {
	s := entry(nil)
	s.GRPC = []string{"acme.orders.v1.OrderStatus"}
	s.Allow, s.Rollout = nil, []access.Rollout{{Mode: access.Observe, Until: time.Now().Add(time.Hour)}}
	change(&s)
	return s
}

// TestRuleWithoutEntryJudgesTheToken shows that the cause says whether the token was genuine,
// addressed to the service and valid, and that nothing is admitted.
func TestRuleWithoutEntryJudgesTheToken(t *testing.T) {
	rule := ruleOf(t, access.Issuer{}, observedService(func(*access.Service) {}))
	for want, change := range map[audience.Cause]members{
		audience.CauseNoRule:            {},
		audience.CauseAudienceMismatch:  {"aud": "invoices"},
		audience.CauseExpired:           {"exp": 1},
		audience.CauseIssuerNotAccepted: {"iss": partner},
	} {
		c, err := read(t, "keycloak", token(change))
		if err != nil {
			t.Fatal(err)
		}
		p := access.Presentation{Time: now}
		if err := rule.Judge(c, p); !errors.Is(err, want) {
			t.Errorf("%v: Judge = %v, want %s", change, err, want)
		}
		x := rule.Explain(c, p)
		if x.Verdict != want || x.Entry != "" || rule.Entry(c, p) != (access.Entry{}) {
			t.Errorf("%v: Explain = %v with entry %v, want %s", change, x, rule.Entry(c, p), want)
		}
		if _, asks := rule.AsksIssuer(c, p); asks {
			t.Errorf("%v: the issuer is asked", change)
		}
	}
}

func TestRolloutMakesRulesOnlyWhereNothingElseIsSaid(t *testing.T) {
	named := func(s *access.Service) { s.Rollout[0].Methods = []string{"UpdateOrderStatus"} }
	for name, row := range map[string]struct {
		service access.Service
		want    string // the methods with a rule
	}{
		"a service without entries": {observedService(func(*access.Service) {}), "GetOrderStatus UpdateOrderStatus"},
		"a method by its name":      {observedService(named), "UpdateOrderStatus"},
		"a closed method":           {observedService(func(s *access.Service) { s.Closed = []string{"GetOrderStatus"} }), "UpdateOrderStatus"},
		"ended":                     {observedService(func(s *access.Service) { s.Rollout[0].Until = time.Now().Add(-time.Second) }), ""},
		"a service with entries": {observedService(func(s *access.Service) {
			s.Allow = entry(nil).Allow
			s.Allow[0].Methods = []string{"GetOrderStatus"}
		}), "GetOrderStatus"},
		"a service with entries, and a method by its name": {observedService(func(s *access.Service) {
			s.Allow = entry(nil).Allow
			s.Allow[0].Methods = []string{"GetOrderStatus"}
			named(s)
		}), "GetOrderStatus UpdateOrderStatus"},
		"no rollout": {observedService(func(s *access.Service) { s.Rollout = nil }), ""},
	} {
		policy, err := access.New(access.Matrix{Issuers: map[string]access.Issuer{"corp": {URL: corp}}, Services: map[string]access.Service{"order-status": row.service}, Clients: map[string]access.Client{"customer-portal": {}}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		guard, err := policy.Guard("order-status")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, method := range []string{"GetOrderStatus", "UpdateOrderStatus"} {
			if guard.Rule("/acme.orders.v1.OrderStatus/"+method) != nil {
				got = append(got, method)
			}
		}
		if got := strings.Join(got, " "); got != row.want {
			t.Errorf("%s: methods with a rule %q, want %q", name, got, row.want)
		}
	}
}

func TestMethodsWithoutEntriesAreWarnedOf(t *testing.T) {
	for want, change := range map[string]func(*access.Service){
		"services.order-status.rollout[0]: \"order-status\" has no allow: calls of all its methods are let through until ": func(*access.Service) {},
		"services.order-status.rollout[0].methods[1]: no entry is about Put: calls of it are let through until ": func(s *access.Service) {
			s.Allow, s.Rollout[0].Methods = entry(nil).Allow, []string{"Get", "Put"}
			s.Allow[0].Methods = []string{"Get"}
		},
		"services.order-status.rollout[0].methods[0]: no entry is about Put: ": func(s *access.Service) { s.Rollout[0].Methods = []string{"Put"} },
		"services.order-status: nobody may call \"order-status\": no allow":    func(s *access.Service) { s.Rollout = nil },
	} {
		policy, err := access.New(access.Matrix{
			Issuers:  map[string]access.Issuer{"corp": {URL: corp}},
			Services: map[string]access.Service{"order-status": observedService(change)}, Clients: map[string]access.Client{"customer-portal": {}},
		})
		if err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(policy.Warnings(), func(p *access.Problem) bool {
			return p.Severity == access.Info || strings.Contains(p.Error(), "no rule names client")
		})
		if len(got) != 1 || !strings.Contains(got[0].Error(), want) {
			t.Errorf("warnings %v, want %q alone", got, want)
		}
	}
}
