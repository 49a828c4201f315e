package access_test

import (
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestGuardOpensItsOwn shows that what is public of one service opens nothing on the
// server of another that registers the same gRPC service, and that what belongs to
// no service is open everywhere.
func TestGuardOpensItsOwn(t *testing.T) {
	m := company()
	orders := m.Services["order-status"]
	orders.GRPC = append(orders.GRPC, "acme.common.v1.Debug")
	m.Services["order-status"] = orders
	m.Public = []string{"acme.common.v1.Debug/Dump", "acme.hr.v1.HumanResource/Ping", "grpc.health.v1.Health", "acme.none.v1.None/Get"}
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	everywhere := []string{"/grpc.health.v1.Health/Check", "/acme.none.v1.None/Get"}
	for name, want := range map[string]map[string]bool{
		"order-status":   {"/acme.common.v1.Debug/Dump": true, "/acme.hr.v1.HumanResource/Ping": false},
		"human-resource": {"/acme.common.v1.Debug/Dump": false, "/acme.hr.v1.HumanResource/Ping": true},
	} {
		guard, err := policy.Guard(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, method := range everywhere {
			want[method] = true
		}
		for method, open := range want {
			rule := guard.Rule(method)
			if got := rule != nil && rule.Public(); got != open {
				t.Errorf("%s: %s is public: %v, want %v", name, method, got, open)
			}
		}
	}
}

// TestGuardNamesWhatMetricsTell shows what a guard knows for the metrics: the clients
// by what tokens call them, the closed methods, the rollouts of its own services, and
// the generation.
func TestGuardNamesWhatMetricsTell(t *testing.T) {
	m := company()
	m.Clients["customer-portal"] = access.Client{Issuer: "corp", ID: "0oa7"}
	orders, until := m.Services["order-status"], time.Now().Add(time.Hour)
	orders.Closed = []string{"DeleteOrder"}
	m.Services["order-status"] = orders
	hr := m.Services["human-resource"]
	hr.Rollout = []access.Rollout{{Mode: access.Observe, Until: until}}
	m.Services["human-resource"] = hr
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	guard, err := policy.WithGeneration("g-1").Guard("order-status")
	if err != nil {
		t.Fatal(err)
	}
	if got := guard.Generation(); got != "g-1" || policy.Generation() != "" {
		t.Errorf("generation %q of the guard, %q of the policy before it was named", got, policy.Generation())
	}
	url := m.Issuers["corp"].URL
	for client, want := range map[[2]string]string{
		{url, "0oa7"}: "customer-portal", {url, "customer-portal"}: "", {"https://partner.example", "0oa7"}: "", {url, "backoffice-portal"}: "backoffice-portal",
	} {
		if got := guard.Client(client[0], client[1]); got != want {
			t.Errorf("client %q = %q, want %q", client, got, want)
		}
	}
	if !guard.Closed("/acme.orders.v1.OrderStatus/DeleteOrder") || guard.Closed("/acme.orders.v1.OrderStatus/GetOrderStatus") || guard.Closed("/acme.none.v1.None/DeleteOrder") {
		t.Error("the closed methods are not those of the matrix")
	}
	if got := guard.Rollouts(); len(got) != 0 {
		t.Errorf("rollouts %v of a service that another server hosts", got)
	}
	if guard, err = policy.Guard("human-resource"); err != nil || len(guard.Rollouts()["human-resource"]) != 1 {
		t.Errorf("rollouts %v, %v, want the one of the service", guard.Rollouts(), err)
	}
}
