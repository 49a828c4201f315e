package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

// withClosed is the company, whose order status closes these methods beside "*".
func withClosed(closed ...string) access.Matrix {
	m := company()
	s := m.Services["order-status"]
	s.Allow = append(slices.Clone(s.Allow[:1]), access.Allow{Clients: []string{"customer-portal"}, Methods: []string{"*"}, NoScopes: true, Optional: true})
	s.Closed = closed
	m.Services["order-status"] = s
	return m
}

// TestClosedMethodRefusesEverybody shows that nobody may call a closed method, whatever
// "*" and options say, and that a server which has it is covered.
func TestClosedMethodRefusesEverybody(t *testing.T) {
	closed := access.MethodOptions{
		GRPC: "acme.orders.v1.OrderStatus", Method: "UpdateOrderStatus", Place: "orders.proto:7",
		Demands: access.Allow{Clients: []string{"order-status"}, Optional: true},
	}
	for name, options := range map[string][]access.MethodOptions{"matrix": nil, "options": {closed}} {
		policy, err := access.New(withClosed("UpdateOrderStatus"), options...)
		if err != nil {
			t.Fatal(name, err)
		}
		g, err := policy.Guard("order-status")
		if err != nil {
			t.Fatal(err)
		}
		if rule := g.Rule(updateStatus); rule != nil {
			t.Errorf("%s: Rule(%q) = %+v, want none", name, updateStatus, rule)
		}
		if g.Rule(getStatus) == nil || g.Rule("/acme.orders.v1.OrderStatus/Other") == nil {
			t.Errorf("%s: other methods are closed too", name)
		}
		if err := g.CheckCoverage([]string{getStatus, updateStatus}); err != nil {
			t.Errorf("%s: Covers = %v", name, err)
		}
		if err := g.CheckCoverage([]string{getStatus}); err == nil || !strings.Contains(err.Error(), `names method "UpdateOrderStatus"`) {
			t.Errorf("%s: Covers = %v, want it to miss the closed method", name, err)
		}
		warned := slices.ContainsFunc(policy.Warnings(), func(p *access.Problem) bool {
			return p.Error() == "orders.proto:7: acme.orders.v1.OrderStatus/UpdateOrderStatus stays closed: services.order-status.closed lists it"
		})
		if warned != (options != nil) {
			t.Errorf("%s: warned of options on a closed method: %t", name, warned)
		}
	}
}

// TestClosedIsNotWide shows that "*" is not said to be about closed methods.
func TestClosedIsNotWide(t *testing.T) {
	policy, err := access.New(withClosed("UpdateOrderStatus"))
	if err != nil {
		t.Fatal(err)
	}
	want := "services.order-status.allow[1].methods: every method that is not closed may be called, future methods too"
	if !slices.ContainsFunc(policy.Warnings(), func(p *access.Problem) bool { return p.Error() == want }) {
		t.Errorf("warnings %v, want %s", policy.Warnings(), want)
	}
}

func TestNewRefusesClosed(t *testing.T) {
	for _, row := range []struct {
		closed []string
		change func(*access.Matrix)
		want   string
	}{
		{[]string{"Get-It"}, nil, `services.order-status.closed[0]: "Get-It" is not the name of a method`},
		{[]string{"*"}, nil, "services.order-status.closed[0]: list the methods by name"},
		{[]string{"A", "A"}, nil, "services.order-status.closed[1]: A is listed twice"},
		{[]string{"GetOrderStatus"}, nil, "services.order-status.closed[0]: GetOrderStatus is closed, but allow[0] names it"},
		{[]string{"A"}, func(m *access.Matrix) { m.Public = append(m.Public, "acme.orders.v1.OrderStatus/A") }, "services.order-status.closed[0]: acme.orders.v1.OrderStatus/A is public as well"},
		{[]string{"A"}, func(m *access.Matrix) {
			s := m.Services["order-status"]
			s.Rollout = []access.Rollout{{Mode: access.Warn, Methods: []string{"A"}}}
			m.Services["order-status"] = s
		}, "services.order-status.closed[0]: A is closed, but rollout[0] names it"},
	} {
		newRefuses(t, func(m *access.Matrix) {
			*m = withClosed(row.closed...)
			if row.change != nil {
				row.change(m)
			}
		}, row.want)
	}
}

// TestCoverageOfServicesElsewhere shows that a gRPC service which another service of the
// matrix consists of is not said to lack a rule.
func TestCoverageOfServicesElsewhere(t *testing.T) {
	err := guard(t, "order-status").CheckCoverage([]string{getStatus, updateStatus, getEmployee, "/acme.Debug/Dump"})
	want := "access: method /acme.Debug/Dump has no rule: name it under methods of an entry, or under closed if nobody may call it; public opens it to everybody\n" +
		`access: method ` + getEmployee + ` belongs to service "human-resource" of the matrix: name it in Services, or register it on another server`
	if err == nil || err.Error() != want {
		t.Errorf("Covers = %v, want\n%s", err, want)
	}
}
