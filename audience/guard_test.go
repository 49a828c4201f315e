package audience_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/audience"
)

// TestGuardOpensItsOwn holds that what is public of one service opens nothing on the
// server of another that registers the same gRPC service, and that what belongs to
// no service is open everywhere.
func TestGuardOpensItsOwn(t *testing.T) {
	m := company()
	orders := m.Services["order-status"]
	orders.GRPC = append(orders.GRPC, "acme.common.v1.Debug")
	m.Services["order-status"] = orders
	m.Public = []string{"acme.common.v1.Debug/Dump", "acme.hr.v1.HumanResource/Ping", "grpc.health.v1.Health", "acme.none.v1.None/Get"}
	policy, err := audience.New(m)
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
