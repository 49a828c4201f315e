package audience_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
)

// TestNewRefuses holds that no policy can be built that leaves a question open.
func TestNewRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*audience.Matrix)
		want   string
	}{
		"nothing": {func(m *audience.Matrix) { *m = audience.Matrix{} }, "issuers: no issuer"},
		"no issuer url": {
			func(m *audience.Matrix) { m.Issuers["corp"] = audience.Issuer{} }, "issuers.corp.url: no url",
		},
		"http": {
			func(m *audience.Matrix) { m.Issuers["corp"] = audience.Issuer{URL: "http://idp.example.com"} }, "is not https",
		},
		"http elsewhere than loopback": {
			func(m *audience.Matrix) {
				m.Issuers["corp"] = audience.Issuer{URL: "http://idp.example.com", InsecureLoopback: true}
			}, "is not https",
		},
		"url with a query": {
			func(m *audience.Matrix) { m.Issuers["corp"] = audience.Issuer{URL: "https://idp.example.com?x"} }, "neither query",
		},
		"url with a user": {
			func(m *audience.Matrix) {
				m.Issuers["corp"] = audience.Issuer{URL: "https://me:hunter2@idp.example.com"}
			}, "me:xxxxx@",
		},
		"jwks elsewhere by http": {
			func(m *audience.Matrix) { m.Issuers["corp"] = audience.Issuer{URL: corp, JWKS: "http://keys.example"} }, "issuers.corp.jwks",
		},
		"unknown preset": {
			func(m *audience.Matrix) { m.Issuers["corp"] = audience.Issuer{URL: corp, Preset: "keyclock"} }, `did you mean "keycloak"?`,
		},
		"two issuers of one url": {
			func(m *audience.Matrix) { m.Issuers["other"] = audience.Issuer{URL: corp} }, "could not tell the two apart",
		},
		"unknown issuer of a service": {
			func(m *audience.Matrix) { m.Services["x"] = audience.Service{Issuers: []string{"crop"}} }, `services.x.issuers[0]: unknown issuer "crop", did you mean "corp"?`,
		},
		"which issuer": {
			func(m *audience.Matrix) { m.Services["x"] = audience.Service{GRPC: []string{"a.B"}} }, "services.x.issuer: no issuer: name one of corp, partner",
		},
		"audience with white space": {
			func(m *audience.Matrix) {
				m.Services["x"] = audience.Service{Issuers: []string{"corp"}, Audiences: []string{" "}}
			}, "white space",
		},
		"no gRPC service": {
			func(m *audience.Matrix) { m.Services["x"] = audience.Service{Issuers: []string{"corp"}} }, "services.x.grpc: no gRPC service",
		},
		"path for a gRPC service": {
			func(m *audience.Matrix) {
				m.Services["x"] = audience.Service{Issuers: []string{"corp"}, GRPC: []string{"/a.B/"}}
			}, "services.x.grpc[0]",
		},
		"unknown client": {
			allow(audience.Allow{Clients: []string{"custmer-portal"}, Methods: []string{"*"}, NoScopes: true}), `services.human-resource.allow[0].clients[0]: unknown client "custmer-portal", did you mean "customer-portal"?`,
		},
		"no clients":       {allow(audience.Allow{Methods: []string{"*"}, NoScopes: true}), "no clients"},
		"any and a list":   {allow(audience.Allow{AnyClient: true, Clients: []string{"order-status"}, Methods: []string{"*"}, NoScopes: true}), "both any"},
		"no methods":       {allow(audience.Allow{AnyClient: true, NoScopes: true}), "no methods"},
		"path as a method": {allow(audience.Allow{AnyClient: true, Methods: []string{"a/B"}, NoScopes: true}), "is not the name of a method"},
		"no scopes":        {allow(audience.Allow{AnyClient: true, Methods: []string{"*"}}), "no scopes"},
		"none and a list":  {allow(audience.Allow{AnyClient: true, Methods: []string{"*"}, NoScopes: true, Scopes: []string{"a"}}), "both none"},
		"scope of two":     {allow(audience.Allow{AnyClient: true, Methods: []string{"*"}, Scopes: []string{"a b"}}), "is not a scope"},
		"public twice": {
			func(m *audience.Matrix) { m.Public = append(m.Public, "acme.hr.v1.HumanResource") }, "is public as well",
		},
		"public method twice": {
			func(m *audience.Matrix) { m.Public = append(m.Public, "acme.orders.v1.OrderStatus/GetOrderStatus") }, "is public as well",
		},
		"public path": {func(m *audience.Matrix) { m.Public = []string{"/grpc.health.v1.Health/Check"} }, "public[0]"},
		"the same client twice": {
			func(m *audience.Matrix) { m.Clients["x"] = audience.Client{Issuer: "corp", ID: "order-status"} }, "is the same client",
		},
		"self of nobody": {
			func(m *audience.Matrix) {
				m.Services["x"] = audience.Service{Issuers: []string{"corp"}, GRPC: []string{"a.B"}, Self: true}
			}, "self needs a client",
		},
		"two places for a secret": {
			func(m *audience.Matrix) {
				m.Clients["x"] = audience.Client{Issuer: "corp", Secret: audience.Secret{File: "f", Env: "E"}}
			}, "clients.x.secret: both",
		},
	} {
		m := company()
		row.change(&m)
		policy, err := audience.New(m)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: New = %v, %v, want an error that says %q", name, policy, err, row.want)
			continue
		}
		var problem *audience.Problem
		if !errors.As(err, &problem) || len(problem.Path) == 0 {
			t.Errorf("%s: %v holds no Problem with a path", name, err)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v tells a secret", name, err)
		}
	}
}

func allow(a audience.Allow) func(*audience.Matrix) {
	return func(m *audience.Matrix) {
		s := m.Services["human-resource"]
		s.Allow = []audience.Allow{a}
		m.Services["human-resource"] = s
	}
}

func TestWarnings(t *testing.T) {
	m := company()
	m.Clients["idle"] = audience.Client{Issuer: "corp"}
	m.Services["x"] = audience.Service{Issuers: []string{"corp"}, GRPC: []string{"a.B"}, Audiences: []string{"account"}}
	policy, err := audience.New(m)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range policy.Warnings() {
		got = append(got, w.Error())
	}
	want := []string{
		`services.x.audience: "account" is what Keycloak puts into every token: it does not tell this service from another`,
		`services.x: nobody may call "x": no allow`,
		`clients.idle: no rule names client "idle"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Warnings (-want +got):\n%s", diff)
	}
}

func TestGuardRefuses(t *testing.T) {
	m := company()
	m.Services["orders-eu"] = m.Services["order-status"]
	delete(m.Clients, "order-status")
	m.Clients["order-status"] = audience.Client{Issuer: "corp"}
	m.Clients["orders-eu"] = audience.Client{Issuer: "corp"}
	policy, err := audience.New(m)
	if err != nil {
		t.Fatal(err)
	}
	for want, services := range map[string][]string{
		"needs the name":           nil,
		`no service "orders-us"`:   {"orders-us"},
		"one server cannot guard":  {"order-status", "orders-eu"},
		`to "human-resource" and`:  {"human-resource", "human-resource"},
		`did you mean "catalogue"`: {"catalog"},
	} {
		if _, err := policy.Guard(services...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Guard(%q) = %v, want an error that says %q", services, err, want)
		}
	}
}

// TestRule holds that only the exact name of a method reaches its rule.
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

func TestCovers(t *testing.T) {
	g := guard(t, "order-status", "human-resource")
	registered := []string{getStatus, updateStatus, getEmployee, "/grpc.health.v1.Health/Check"}
	if err := g.Covers(registered); err != nil {
		t.Errorf("Covers = %v", err)
	}
	for want, methods := range map[string][]string{
		"method /acme.Debug/Dump has no rule":             append(slices.Clone(registered), "/acme.Debug/Dump"),
		"acme.hr.v1.HumanResource, which the server does": {getStatus},
		`names method "GetOrderStatus"`:                   {"/acme.orders.v1.OrderStatus/GetOrderState", getEmployee},
	} {
		if err := g.Covers(methods); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Covers(%q) = %v, want an error that says %q", methods, err, want)
		}
	}
}
