package main_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const unexplained = `version: 1
issuers: {corp: {url: https://idp.example.com}}
services:
  orders:
    grpc: [acme.Orders]
    allow:
      - {clients: [portal], methods: [Get], scopes: [read]}
      - {clients: [batch], methods: [Put], scopes: [write], why: It imports orders.}
  people:
    grpc: [acme.People]
    owner: team-people
    allow:
      - {clients: [portal], methods: [Get], scopes: [read], why: Staff only., review_by: 2020-02-28}
clients: {portal: {}, batch: {}}
`

// TestCheckStrictWantsWhyAndOwner shows that only --strict asks for them, each at its place.
func TestCheckStrictWantsWhyAndOwner(t *testing.T) {
	path := file(t, "access.yaml", unexplained)
	overdue := path + ":13:79  a review was due by 2020-02-28: decide with team-people whether this is still needed"
	r := run(t, "", "check", path)
	r.want(t, 0, overdue, "0 mistakes, 1 warning,")
	run(t, "", "check", path, "--strict").want(
		t, 1, path+":4:3    no owner: write who answers for the service", path+":7:9    no why: write what these clients need the methods for",
		overdue, "3 warnings",
	)
	good := strings.NewReplacer("scopes: [read]}", "scopes: [read], why: Customers look.}", "    grpc: [acme.Orders]", "    grpc: [acme.Orders]\n    owner: team-orders", "2020-02-28", "2999-02-28").Replace(unexplained)
	run(t, "", "check", file(t, "good.yaml", good), "--strict").want(t, 0, "0 warnings")
	run(t, good, "check", "-", "--strict").want(t, 0, "0 warnings")
}

// TestCheckWarnsOfNamesThatAreAlike shows the pairs, and that it is quick.
func TestCheckWarnsOfNamesThatAreAlike(t *testing.T) {
	text := strings.NewReplacer("clients: {portal: {}, batch: {}}", "clients: {portal: {}, batch: {}, Portal: {}, portals: {}}", "clients: [portal], methods: [Get], scopes: [read]}", "clients: [portal, Portal, portals], methods: [Get], scopes: [read]}").Replace(unexplained)
	r := run(t, "", "check", file(t, "access.yaml", text))
	r.want(t, 0, `"portal" is easily taken for client "Portal"`, `"portals" is easily taken for client "Portal"`, `"portals" is easily taken for client "portal"`, "4 warnings")

	var clients, names strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&clients, "client-of-team-%d: {}, ", i)
		fmt.Fprintf(&names, "client-of-team-%d, ", i)
	}
	many := strings.NewReplacer("{portal: {}, batch: {}}", "{"+clients.String()+"portal: {}, batch: {}}", "[batch]", "["+names.String()+"batch]").Replace(unexplained)
	began := time.Now()
	run(t, "", "check", file(t, "many.yaml", many)).want(t, 0, "1 warning,")
	if took := time.Since(began); took > time.Minute {
		t.Errorf("2,000 clients took %v", took)
	}
}

// TestClientsOfTenantsAreNotAlike shows that the clients that were made for tenants do not
// count, and that a warning is about the name in the file.
func TestClientsOfTenantsAreNotAlike(t *testing.T) {
	text := strings.NewReplacer("{url: https://idp.example.com}", "{url: 'https://idp.example.com/{tenant}', tenants: [red, rod]}", "batch: {}}", "batch: {}, batsh: {}}", "[batch]", "[batch, batsh]").Replace(unexplained)
	r := run(t, "", "check", file(t, "access.yaml", text))
	r.want(t, 0, `"batsh" is easily taken for client "batch"`, "2 warnings")
}
