package mesh_test

import (
	"slices"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// shut is a matrix in which "*" is for all methods but one.
const shut = `
version: 1
issuers: {corp: {url: https://sso.example.com/realms/corp, preset: keycloak}}
services:
  catalogue:
    grpc: [acme.Catalogue, acme.Old]
    allow:
      - {clients: [portal], methods: ["*"], scopes: none, optional: true}
      - {clients: [portal], methods: [Get], scopes: none, optional: true}
    closed: [Drop]
clients: {portal: {}}
`

// TestClosed shows that no rule lets a closed method be called, with a token or
// without, whatever options say of it.
func TestClosed(t *testing.T) {
	on := func(method string) access.MethodOptions {
		return access.MethodOptions{GRPC: "acme.Catalogue", Method: method, Place: method, Demands: access.Allow{Scopes: []string{"s"}, Optional: true}}
	}
	for name, options := range map[string][]access.MethodOptions{"matrix": nil, "options": {on("Drop"), on("Put")}} {
		policy, err := policyfile.Parse("access.yaml", []byte(shut), options...)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := mesh.New(policy)
		if err != nil {
			t.Fatal(err)
		}
		whole := 0
		for _, r := range plan.Services[0].Rules {
			for _, dropped := range []string{"/acme.Catalogue/Drop", "/acme.Old/Drop"} {
				star := slices.ContainsFunc(r.Paths, func(p string) bool { return p[len(p)-1] == '*' })
				if slices.Contains(r.Paths, dropped) || star && !slices.Contains(r.Except, dropped) {
					t.Errorf("%s: %s lets %s be called: %q but %q", name, r.Name, dropped, r.Paths, r.Except)
				}
				if star {
					whole++
				}
			}
		}
		if got := plan.Services[0].Optional; whole == 0 || slices.ContainsFunc(got, func(p string) bool { return p[len(p)-1] == '*' }) || !slices.Contains(got, "/acme.Catalogue/Get") {
			t.Errorf("%s: without a token %q, want Get alone; %d rules with a star", name, got, whole)
		}
		if len(plan.Notes) == 0 {
			t.Errorf("%s: no note of what cannot be called without a token", name)
		}
	}
}
