package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestContradictionIsReportedOnce shows that each mistake is told once, and nothing
// besides.
func TestContradictionIsReportedOnce(t *testing.T) {
	portal := access.Allow{Clients: []string{"customer-portal"}, NoScopes: true}
	of := func(grpc, method string, d access.Allow) access.MethodOptions {
		return access.MethodOptions{GRPC: grpc, Method: method, Place: grpc + "." + method, Audience: "order-status", Demands: d}
	}
	taken, homeless, reader := company(), corporate(), company()
	taken.Services["acme.v1.Orders"] = access.Service{
		Issuers: []string{"corp"}, GRPC: []string{"acme.v1.Other"}, Allow: []access.Allow{{AnyClient: true, Methods: []string{"*"}}},
	}
	homeless.Issuers["partner"] = access.Issuer{URL: partner, Preset: "keycloak"}
	for name, client := range company().Clients {
		homeless.Clients[name] = client
	}
	reader.Clients["reader"] = access.Client{Issuer: "corp"}
	orders := reader.Services["order-status"]
	orders.Allow = append(orders.Allow, access.Allow{Clients: []string{"reader"}, Methods: []string{"Read"}, NoScopes: true})
	reader.Services["order-status"] = orders
	wants := func(method string) string {
		return "services.order-status.allow: nobody may call " + method + `: no entry admits a client that orders.proto:7 admits too, which wants client "reader"`
	}
	wanted := demandingBesides(access.Allow{Clients: []string{"reader"}})
	update := wanted
	update.Method = "UpdateOrderStatus"
	for _, row := range []struct {
		name    string
		want    string
		matrix  access.Matrix
		options []access.MethodOptions
	}{
		{
			"a name that is taken", "services.acme.v1.Orders.allow[0].scopes: no scopes: list them, or write none\n" + `services.acme.v1.Orders.grpc: acme.v1.Orders is not among "acme.v1.Other", but has options at acme.v1.Orders.Get: give this service another name`, taken,
			[]access.MethodOptions{of("acme.v1.Orders", "Get", portal)},
		},
		{
			"no issuer", `acme.v1.Orders.Get: no issuer: name one of "corp" "partner"`, homeless,
			[]access.MethodOptions{of("acme.v1.Orders", "Get", portal), of("acme.v1.Orders", "List", portal)},
		},
		{
			"public as a whole", "public[0]: grpc.health.v1.Health/Check is public here, but has demands at grpc.health.v1.Health.Check", company(),
			[]access.MethodOptions{of("grpc.health.v1.Health", "Check", portal)},
		},
		{"admitted to another method", wants("GetOrderStatus"), reader, []access.MethodOptions{wanted}},
		{"not among those of all methods", wants("UpdateOrderStatus"), reader, []access.MethodOptions{update}},
	} {
		_, err := access.New(row.matrix, row.options...)
		if err == nil {
			t.Errorf("%s: no error, want %s", row.name, row.want)
		} else if diff := cmp.Diff(row.want, err.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

// TestMergeEntryOfTheMethod shows that an entry which names the method is enough
// to admit whom the options want.
func TestMergeEntryOfTheMethod(t *testing.T) {
	m := company()
	s := m.Services["order-status"]
	s.Allow = s.Allow[:1]
	m.Services["order-status"] = s
	if _, err := access.New(m, demandingBesides(access.Allow{Clients: []string{"customer-portal"}})); err != nil {
		t.Error(err)
	}
	_, err := access.New(m, demandingBesides(access.Allow{Clients: []string{"reader"}}))
	if err == nil || !strings.Contains(err.Error(), "nobody may call GetOrderStatus") {
		t.Errorf("Merge = %v, want an error: the entry admits nobody whom the options want", err)
	}
}

// TestMergeFits shows that options which fit are not warned of.
func TestMergeFits(t *testing.T) {
	portals := access.Allow{Clients: []string{"customer-portal", "backoffice-portal"}, NoScopes: true}
	alone := access.MethodOptions{GRPC: "acme.v1.Orders", Method: "Get", Place: "p", Audience: "orders", Demands: portals}
	open := corporate()
	open.Public = []string{"acme.v1.Open/Version"}
	for name, row := range map[string]struct {
		matrix  access.Matrix
		options []access.MethodOptions
	}{
		"besides":              {company(), []access.MethodOptions{demandingBesides(access.Allow{NoScopes: true})}},
		"alone":                {corporate(), []access.MethodOptions{alone}},
		"public in the matrix": {open, []access.MethodOptions{alone, {GRPC: "acme.v1.Open", Method: "Version", Place: "q"}}},
	} {
		policy, err := access.New(row.matrix, row.options...)
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

// TestOptionsOfAnotherMatrix shows that a client which is not known is told once for the
// options of a service, and what else may be meant.
func TestOptionsOfAnotherMatrix(t *testing.T) {
	stranger := func(grpc, method string) access.MethodOptions {
		return access.MethodOptions{
			GRPC: grpc, Method: method, Place: "a.proto:S", Audience: "order-status",
			Demands: access.Allow{Clients: []string{"nobody"}, NoScopes: true},
		}
	}
	const want = `a.proto:S.clients[0]: unknown client "nobody": add "nobody: {}" under clients`
	for grpc, also := range map[string]string{
		"other.v1.S":                 "; if another matrix guards the service, pass the names of your own services to FromFiles",
		"acme.orders.v1.OrderStatus": "",
	} {
		first := stranger("another.v1.S", "Get")
		first.Place = "b.proto:S"
		_, err := access.New(company(), first, stranger(grpc, "GetOrderStatus"), stranger(grpc, "UpdateOrderStatus"))
		if err == nil {
			t.Fatalf("%s: a client that is not known is taken", grpc)
		}
		lines := strings.Split(err.Error(), "\n")
		if i := slices.Index(lines, want+also); i < 0 || slices.Contains(lines[i+1:], want+also) {
			t.Errorf("%s: got %v, want once %s", grpc, err, want+also)
		}
	}
}

// TestMergeWithoutAllow shows that who counts on options alone is told that they
// only add, and told once.
func TestMergeWithoutAllow(t *testing.T) {
	m := company()
	s := m.Services["order-status"]
	s.Allow = nil
	m.Services["order-status"] = s
	one := demandingBesides(access.Allow{Clients: []string{"customer-portal"}, NoScopes: true})
	two := one
	two.Method = "UpdateOrderStatus"
	policy, err := access.New(m, one, two)
	if err != nil {
		t.Fatal(err)
	}
	const want = "services.order-status: the options of acme.orders.v1.OrderStatus only add to an entry under allow, and there is none"
	told := 0
	for _, w := range policy.Warnings() {
		if w.Error() == want {
			told++
		}
	}
	if told != 1 {
		t.Errorf("got %q %d times, want once: %v", want, told, policy.Warnings())
	}
}
