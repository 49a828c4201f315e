package mesh_test

import (
	"slices"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// open is a matrix in which two entries let the same methods be called without a
// token.
const open = `
version: 1
issuers: {corp: {url: https://sso.example.com/realms/corp, preset: keycloak}}
services:
  catalogue:
    grpc: [acme.Catalogue]
    allow:
      - {clients: [portal], methods: [Get, Put], scopes: none, optional: true}
      - {clients: [robot], methods: [Get, Put], scopes: none, optional: true}
clients: {portal: {}, robot: {}}
`

// TestOptionalInTwoEntries shows that a .proto file which wants a token closes a
// method in every entry that opens it.
func TestOptionalInTwoEntries(t *testing.T) {
	put := access.MethodOptions{GRPC: "acme.Catalogue", Method: "Put", Place: "catalogue.proto:9", Demands: access.Allow{NoScopes: true}}
	policy, err := policyfile.Parse("access.yaml", []byte(open), put)
	if err != nil {
		t.Fatal(err)
	}
	if guard, err := policy.Guard("catalogue"); err != nil || guard.Rule("/acme.Catalogue/Put").Optional() {
		t.Fatalf("got a server that wants no token, %v", err)
	}
	plan, err := mesh.New(policy)
	if err != nil {
		t.Fatal(err)
	}
	got := plan.Services[0].Optional
	if slices.Contains(got, "/acme.Catalogue/Put") || !slices.Contains(got, "/acme.Catalogue/Get") {
		t.Errorf("without a token: got %q, want Get alone", got)
	}
}

// TestClaimsNameCallersAtTheirIssuerAlone shows that an entry with a claim in the place of
// clients is about the tokens alone in which that claim says who calls, and that it must be
// a text there.
func TestClaimsNameCallersAtTheirIssuerAlone(t *testing.T) {
	policy, err := policyfile.Parse("access.yaml", []byte(`
version: 1
issuers:
  builds: {url: https://token.actions.githubusercontent.com, preset: github-actions}
  corp: {url: https://sso.example.com/realms/corp, preset: keycloak}
services:
  catalogue:
    issuers: [builds, corp]
    grpc: [acme.Catalogue]
    allow: [{clients: any, methods: [Get], scopes: none, claims: {repository_owner: [acme]}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := mesh.New(policy)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range plan.Services[0].Rules {
		if r.Issuer != "builds" {
			t.Errorf("got a rule for tokens of %q: %v", r.Issuer, r)
		}
	}
	if len(plan.Services[0].Rules) != 1 {
		t.Errorf("got %d rules, want one", len(plan.Services[0].Rules))
	}
	text := func(f mesh.Form) bool {
		return slices.Equal(f.Claim, []string{"repository_owner"}) && f.Kind == mesh.Text
	}
	if !slices.ContainsFunc(plan.Issuer("builds").Forms(), text) {
		t.Error("repository_owner need not be a text")
	}
}
