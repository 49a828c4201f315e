package audience_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
)

// TestMergeSaysItOnce holds that each mistake is told once, and nothing besides.
func TestMergeSaysItOnce(t *testing.T) {
	portal := audience.Allow{Clients: []string{"customer-portal"}, NoScopes: true}
	of := func(grpc, method string, d audience.Allow) audience.MethodOptions {
		return audience.MethodOptions{GRPC: grpc, Method: method, Place: grpc + "." + method, Audience: "order-status", Demands: d}
	}
	taken, homeless, reader := company(), corporate(), company()
	taken.Services["acme.v1.Orders"] = audience.Service{
		Issuers: []string{"corp"}, GRPC: []string{"acme.v1.Other"}, Allow: []audience.Allow{{AnyClient: true, Methods: []string{"*"}}},
	}
	homeless.Issuers["partner"] = audience.Issuer{URL: partner, Preset: "keycloak"}
	for name, client := range company().Clients {
		homeless.Clients[name] = client
	}
	reader.Clients["reader"] = audience.Client{Issuer: "corp"}
	orders := reader.Services["order-status"]
	orders.Allow = append(orders.Allow, audience.Allow{Clients: []string{"reader"}, Methods: []string{"Read"}, NoScopes: true})
	reader.Services["order-status"] = orders
	wants := func(method string) string {
		return "services.order-status.allow: nobody may call " + method + `: no entry leaves anybody whom orders.proto:7 admits, which wants client "reader"`
	}
	wanted := demandingBesides(audience.Allow{Clients: []string{"reader"}})
	update := wanted
	update.Method = "UpdateOrderStatus"
	for _, row := range []struct {
		name    string
		want    string
		matrix  audience.Matrix
		options []audience.MethodOptions
	}{
		{
			"a name that is taken", "services.acme.v1.Orders.allow[0].scopes: no scopes: list them, or write none\n" + `services.acme.v1.Orders.grpc: acme.v1.Orders is not among "acme.v1.Other", but has options at acme.v1.Orders.Get: give this service another name`, taken,
			[]audience.MethodOptions{of("acme.v1.Orders", "Get", portal)},
		},
		{
			"no issuer", `acme.v1.Orders.Get: no issuer: name one of "corp" "partner"`, homeless,
			[]audience.MethodOptions{of("acme.v1.Orders", "Get", portal), of("acme.v1.Orders", "List", portal)},
		},
		{
			"public as a whole", "public[0]: grpc.health.v1.Health/Check is public here, but grpc.health.v1.Health.Check demands something of it", company(),
			[]audience.MethodOptions{of("grpc.health.v1.Health", "Check", portal)},
		},
		{"admitted to another method", wants("GetOrderStatus"), reader, []audience.MethodOptions{wanted}},
		{"not among those of all methods", wants("UpdateOrderStatus"), reader, []audience.MethodOptions{update}},
	} {
		_, err := audience.Merge(row.matrix, row.options...)
		if err == nil {
			t.Errorf("%s: no error, want %s", row.name, row.want)
		} else if diff := cmp.Diff(row.want, err.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

// TestMergeEntryOfTheMethod holds that an entry which names the method is enough
// to admit whom the options want.
func TestMergeEntryOfTheMethod(t *testing.T) {
	m := company()
	s := m.Services["order-status"]
	s.Allow = s.Allow[:1]
	m.Services["order-status"] = s
	if _, err := audience.Merge(m, demandingBesides(audience.Allow{Clients: []string{"customer-portal"}})); err != nil {
		t.Error(err)
	}
	_, err := audience.Merge(m, demandingBesides(audience.Allow{Clients: []string{"reader"}}))
	if err == nil || !strings.Contains(err.Error(), "nobody may call GetOrderStatus") {
		t.Errorf("Merge = %v, want an error: the entry admits nobody whom the options want", err)
	}
}

// TestMergeFits holds that options which fit are not warned of.
func TestMergeFits(t *testing.T) {
	portals := audience.Allow{Clients: []string{"customer-portal", "backoffice-portal"}, NoScopes: true}
	alone := audience.MethodOptions{GRPC: "acme.v1.Orders", Method: "Get", Place: "p", Audience: "orders", Demands: portals}
	open := corporate()
	open.Public = []string{"acme.v1.Open/Version"}
	for name, row := range map[string]struct {
		matrix  audience.Matrix
		options []audience.MethodOptions
	}{
		"besides":              {company(), []audience.MethodOptions{demandingBesides(audience.Allow{NoScopes: true})}},
		"alone":                {corporate(), []audience.MethodOptions{alone}},
		"public in the matrix": {open, []audience.MethodOptions{alone, {GRPC: "acme.v1.Open", Method: "Version", Place: "q"}}},
	} {
		policy, err := audience.Merge(row.matrix, row.options...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, w := range policy.Warnings() {
			if text := w.Error(); strings.Contains(text, "nobody may call") || strings.Contains(text, "needs a token") || strings.Contains(text, `no rule names client "backoffice-portal"`) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}
