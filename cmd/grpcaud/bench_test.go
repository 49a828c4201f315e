package main_test

import (
	"fmt"
	"strings"
	"testing"
)

// large is an access matrix with that many services of 20 methods each, and that many clients,
// of which each service admits 20, by 5 entries.
func large(services, clients int) string {
	const entries, each, methods = 5, 4, 20
	var b strings.Builder
	b.WriteString("version: 1\nissuers: {corp: {url: https://idp.example.com/realms/corp, preset: keycloak}}\nservices:\n")
	for s := range services {
		fmt.Fprintf(&b, "  service-%d:\n    grpc: [acme.team%d.v1.Service%d]\n    allow:\n", s, s%50, s)
		for e := range entries {
			b.WriteString("      - clients: [")
			for c := range each {
				fmt.Fprintf(&b, "client-%d, ", (s*7+e*each+c)%clients)
			}
			b.WriteString("]\n        methods: [")
			for m := e * methods / entries; m < (e+1)*methods/entries; m++ {
				fmt.Fprintf(&b, "Method%d, ", m)
			}
			fmt.Fprintf(&b, "]\n        scopes: [service-%d.scope-%d]\n", s, e)
		}
	}
	b.WriteString("clients:\n")
	for c := range clients {
		fmt.Fprintf(&b, "  client-%d: {}\n", c)
	}
	return b.String()
}

// BenchmarkLarge runs the commands on the matrix of a large company, from the
// file to the output.
func BenchmarkLarge(b *testing.B) {
	path := file(b, "access.yaml", large(1000, 2000))
	issuer, keys := corp(b)
	raw := token(issuer, nil)
	for _, row := range []struct {
		name string
		code int
		args []string
	}{
		{"check", 0, []string{"check", path}},
		{"matrix-table", 0, []string{"matrix", path}},
		{"matrix-markdown", 0, []string{"matrix", path, "-o", "markdown"}},
		{"matrix-dot", 0, []string{"matrix", path, "-o", "dot"}},
		{"matrix-html", 0, []string{"matrix", path, "-o", "html"}},
		{"matrix-json", 0, []string{"matrix", path, "-o", "json"}},
		{"explain", 1, []string{"explain", path, "--service", "service-500", "--method", "Method7", "--jwks", keys}},
		{"diff", 0, []string{"diff", path, path}},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run(b, raw, row.args...).want(b, row.code)
			}
		})
	}
}
