package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

func TestGuardRefuses(t *testing.T) {
	m := company()
	m.Services["orders-eu"] = m.Services["order-status"]
	delete(m.Clients, "order-status")
	m.Clients["order-status"] = access.Client{Issuer: "corp"}
	m.Clients["orders-eu"] = access.Client{Issuer: "corp"}
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	for want, services := range map[string][]string{
		"needs the name":         nil,
		`no service "orders-us"`: {"orders-us"},
		`no service "acme.hr.v1.HumanResource" in the policy: it is a gRPC service of "human-resource"`:             {"acme.hr.v1.HumanResource"},
		`no service "acme.orders.v1.OrderStatus" in the policy: it is a gRPC service of "order-status" "orders-eu"`: {"acme.orders.v1.OrderStatus"},
		"one server cannot guard":  {"order-status", "orders-eu"},
		`to "human-resource" and`:  {"human-resource", "human-resource"},
		`did you mean "catalogue"`: {"catalog"},
	} {
		if _, err := policy.Guard(services...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Guard(%q) = %v, want an error that says %q", services, err, want)
		}
	}
}

// TestRule shows that only the exact name of a method reaches its rule.
func TestRule(t *testing.T) {
	g := guard(t, "order-status", "human-resource")
	for method, want := range map[string]string{
		getStatus:                                   "order-status",
		updateStatus:                                "order-status",
		getEmployee:                                 "human-resource",
		"/acme.orders.v1.OrderStatus/Version":       "public",
		"/grpc.health.v1.Health/Check":              "public",
		"/grpc.health.v1.Health/Watch":              "public",
		"/acme.catalogue.v1.Catalogue/GetItem":      "none", // not guarded by this server
		"/acme.hr.v1.HumanResource/":                "none",
		"/acme.hr.v1.HumanResource/*":               "none",
		"/grpc.health.v1.Health/*":                  "none",
		"//acme.hr.v1.HumanResource/GetEmployee":    "none",
		"/acme.hr.v1.HumanResource//GetEmployee":    "none",
		"/acme.hr.v1.HumanResource/GetEmployee/":    "none",
		"/acme.hr.v1.HumanResource/GetEmployee?x=1": "none",
		"/acme.hr.v1.HumanResource/%47etEmployee":   "none",
		"/acme.hr.v1.HumanResource/./GetEmployee":   "none",
		"/ACME.hr.v1.HumanResource/GetEmployee":     "none",
		"acme.hr.v1.HumanResource/GetEmployee":      "none",
		"/grpc.health.v1.Health/../Check":           "none",
		"/GRPC.health.v1.Health/Check":              "none",
		"":                                          "none",
		"/":                                         "none",
	} {
		got := "none"
		if rule := g.Rule(method); rule != nil && rule.Public() {
			got = "public"
		} else if rule != nil {
			got = rule.Service()
		}
		if got != want {
			t.Errorf("Rule(%q) is %s, want %s", method, got, want)
		}
	}
}

func TestCheckCoverage(t *testing.T) {
	g := guard(t, "order-status", "human-resource")
	registered := []string{getStatus, updateStatus, getEmployee, "/grpc.health.v1.Health/Check"}
	if err := g.CheckCoverage(registered); err != nil {
		t.Errorf("Covers = %v", err)
	}
	if err := migrating(t).CheckCoverage([]string{"/acme.orders.v1.Orders/Get", "/acme.orders.v2.Orders/Put"}); err != nil {
		t.Errorf("Covers = %v, though one of the gRPC services has the method", err)
	}
	err := migrating(t).CheckCoverage([]string{"/acme.orders.v1.Orders/Put"})
	if err == nil || strings.Contains(err.Error(), "names method") {
		t.Errorf("Covers = %v, want it to name the gRPC service that is missing and no method", err)
	}
	for want, methods := range map[string][]string{
		"method /acme.Debug/Dump has no rule":             append(slices.Clone(registered), "/acme.Debug/Dump"),
		"acme.hr.v1.HumanResource, which the server does": {getStatus},
		`names method "GetOrderStatus"`:                   {"/acme.orders.v1.OrderStatus/GetOrderState", getEmployee},
	} {
		if err := g.CheckCoverage(methods); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Covers(%q) = %v, want an error that says %q", methods, err, want)
		}
	}
}

// TestUnnamedMethod shows that a method which no entry names has no rule, and
// that a method which two entries name is missed once.
func TestUnnamedMethod(t *testing.T) {
	m := company()
	s := m.Services["order-status"]
	s.Allow = []access.Allow{s.Allow[0], s.Allow[0]}
	m.Services["order-status"] = s
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	g, err := policy.Guard("order-status")
	if err != nil {
		t.Fatal(err)
	}
	if rule := g.Rule(updateStatus); rule != nil {
		t.Errorf("Rule(%q) = %+v, want none", updateStatus, rule)
	}
	if err := g.CheckCoverage([]string{"/acme.orders.v1.OrderStatus/Version"}); strings.Count(fmt.Sprint(err), "names method") != 1 {
		t.Errorf("Covers = %v, want one missing method", err)
	}
}
