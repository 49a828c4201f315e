package keycloak_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/keycloak"
)

// TestCompareForgeries is about clients that can pass for others, or that get
// tokens in a way of their own.
func TestCompareForgeries(t *testing.T) {
	writes := func(claim, kind string) keycloak.Mapper { return audienceMapper(kind, "claim.name", claim) }
	const constant, attribute, note = "oidc-hardcoded-claim-mapper", "oidc-usermodel-attribute-mapper", "oidc-usersessionmodel-note-mapper"
	own := func(m keycloak.Mapper) func(*realm) {
		return func(r *realm) { r.client("portal").Mappers = []keycloak.Mapper{m} }
	}
	hidden := writes("azp", constant)
	hidden.Config["access.token.claim"] = "false"
	stranger := func(attribute string) func(*realm) {
		return func(r *realm) {
			r.Clients = append(r.Clients, keycloak.Client{ID: "old", Enabled: true, Attributes: map[string]string{attribute: "true"}, Optional: []string{"people"}})
		}
	}
	for _, row := range []struct {
		name   string
		change func(*realm)
		want   string // kind, client and a part of the text; empty for nothing
	}{
		{"another caller", own(writes("azp", constant)), `grants portal: its tokens have in "azp" what the mapper "aud" writes`},
		{"another caller's id", own(writes("client_id", constant)), `grants portal: its tokens have in "client_id"`},
		{"an audience of the user's", own(writes("aud", attribute)), `grants portal: its tokens have in "aud"`},
		{"another caller, by a scope", func(r *realm) {
			s := r.scope("orders.read")
			s.Mappers = append(s.Mappers, writes("azp", constant))
		}, `grants portal: its tokens have in "azp"`},
		{"another caller, of a stranger", func(r *realm) {
			r.Clients = append(r.Clients, keycloak.Client{ID: "old", Enabled: true, Code: true, Mappers: []keycloak.Mapper{writes("azp", constant)}})
		}, `grants old: its tokens have in "azp"`},
		{"into other tokens", own(hidden), ""},
		{"the session's client", own(writes("client_id", note)), ""},
		{"another claim", own(writes("department", attribute)), ""},
		{"no credentials", func(r *realm) { r.client("portal").Public = true }, "grants portal: it proves nothing"},
		{"exchange", func(r *realm) {
			r.client("portal").Attributes = map[string]string{"standard.token.exchange.enabled": "true"}
		}, "grants portal: it may exchange tokens"},
		{"a stranger with a device", stranger("oauth2.device.authorization.grant.enabled"), "grants old: the matrix does not know it"},
		{"a stranger on a back channel", stranger("oidc.ciba.grant.enabled"), "grants old: the matrix does not know it"},
		{"a stranger who exchanges", stranger("standard.token.exchange.enabled"), "grants old: the matrix does not know it"},
	} {
		got := realm{exported(t)}
		row.change(&got)
		found := texts(keycloak.Compare(exported(t), got.Realm))
		if row.want == "" && found != "" || !strings.Contains(found, row.want) {
			t.Errorf("%s: got\n%swant\n%s", row.name, found, row.want)
		}
	}
}

// TestExportNamesOfScopes is about services that are called as the scopes that
// every client has: no token is for them unasked.
func TestExportNamesOfScopes(t *testing.T) {
	for _, name := range []string{"basic", "caller", "login", "realm-roles"} {
		policy, err := policyfile.Parse("access.yaml", []byte(strings.ReplaceAll(company, "people", name)))
		if err != nil {
			t.Fatal(err)
		}
		got, notes, err := keycloak.Export(policy, keycloak.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "is one that every client has") }) {
			t.Errorf("%s: got notes %q", name, notes)
		}
		for _, s := range got.Scopes {
			if s.Name == name && slices.ContainsFunc(s.Mappers, func(m keycloak.Mapper) bool { return m.Kind == "oidc-audience-mapper" }) {
				t.Errorf("%s: got an audience by a scope that every client has", name)
			}
		}
	}
}

// TestExportOfAnEntryForOtherTokens is about a service that jobs of another issuer call,
// whoever their client is: no client of the realm gets tokens for it.
func TestExportOfAnEntryForOtherTokens(t *testing.T) {
	policy, err := policyfile.Parse("access.yaml", []byte(`
version: 1
issuers:
  corp: {url: https://sso.example.com/realms/corp, preset: keycloak}
  builds: {url: https://token.actions.githubusercontent.com, preset: github-actions}
services:
  orders: {issuers: [corp, builds], grpc: [acme.Orders], allow: [{clients: any, methods: [Put], scopes: none, claims: {repository: [acme/shop]}}]}
clients: {portal: {issuer: corp}}
`))
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := keycloak.Export(policy, keycloak.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range got.Clients {
		if c.ID == "portal" && slices.Contains(c.Optional, "orders") {
			t.Errorf("the portal gets tokens for the orders: %q", c.Optional)
		}
	}
	if !slices.ContainsFunc(got.Clients, func(c keycloak.Client) bool { return c.ID == "portal" }) {
		t.Error("the realm has no portal")
	}
}
