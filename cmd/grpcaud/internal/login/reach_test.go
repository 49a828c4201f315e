package login_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/login"
)

func TestCheck(t *testing.T) {
	const file = `version: 1
issuers: {corp: {url: https://sso.example.com/realms/corp}}
services:
  orders:
    grpc: [acme.Orders]
    allow: [{clients: [ORDERS], methods: ["*"], scopes: none, callers: KIND}]
  people:
    grpc: [acme.People]
    allow: [{clients: [CLIENTS], methods: ["*"], scopes: none, DEMAND}]
clients: {portal: {}, orders: {}, people: {}, batch: {}}
`
	for _, row := range []struct{ orders, kind, clients, demand, want string }{
		{"portal", "services", "portal", "callers: users", "info services.people.allow[0]: the entry is for users, who must log in at one of these clients: portal\n"},
		{"portal", "services", "orders", "callers: users", "warning services.people.allow[0]: the entry is for users, and no client at which users log in leads to it: orders is called for no user; let such a client call, or one of these services\n"},
		{"portal", "services", "orders", "acr: [gold]", "warning services.people.allow[0]: the entry is for users, and no client"},
		{"portal", "services", "orders", "max_auth_age: 5m", "warning services.people.allow[0]: the entry is for users, and no client"},
		{"portal", "services", "orders, people", "callers: users", "orders, people are called for no user"},
		{"people", "users", "orders", "callers: users", "warning services.orders.allow[0]: the entry is for users, and no client"}, // in a circle
		{"portal", "users", "orders", "callers: users", "info services.people.allow[0]: the entry is for users, who must log in at one of these clients: portal\n"},
		{"portal", "services", "orders", "callers: services", ""},
		{"portal", "services", "orders, batch", "callers: users", "info services.people.allow[0]: the entry is for users, who must log in at one of these clients: batch\n"},
	} {
		text := strings.NewReplacer("ORDERS", row.orders, "KIND", row.kind, "CLIENTS", row.clients, "DEMAND", row.demand).Replace(file)
		policy, err := policyfile.Parse("access.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, p := range login.Check(policy.Matrix()) {
			got.WriteString(p.Severity.String() + " " + p.Error() + "\n")
		}
		if row.want == "" && got.String() != "" || !strings.Contains(got.String(), row.want) {
			t.Errorf("%+v: got\n%s", row, &got)
		}
	}
}
