package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
)

// callers is a matrix with all that a client finds in one.
func callers() access.Matrix {
	return access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: corp}, "partner": {URL: "https://partner.example"}},
		Services: map[string]access.Service{
			"orders": {
				Issuers: []string{"corp"}, Audiences: []string{"order-status", "orders-v0"}, GRPC: []string{"a.Orders"}, Authorities: []string{"orders.example.com"},
				Allow: []access.Allow{
					{Clients: []string{"portal"}, Methods: []string{"Get"}, Scopes: []string{"write", "read"}},
					{AnyClient: true, Methods: []string{"Watch"}, Scopes: []string{"read", "all"}},
					{Clients: []string{"batch"}, Methods: []string{"*"}, Scopes: []string{"admin"}},
				},
			},
			"people": {
				Issuers: []string{"corp"}, GRPC: []string{"a.People"},
				Allow: []access.Allow{{Clients: []string{"batch", "stranger"}, Methods: []string{"*"}, NoScopes: true}},
			},
		},
		Clients: map[string]access.Client{
			"portal": {Issuer: "corp", ID: "portal-1"}, "batch": {Issuer: "corp"}, "stranger": {Issuer: "partner"},
		},
		External: map[string]access.External{
			"tracking": {Clients: []string{"batch"}, Scopes: []string{"b", "a"}, Audience: "urn:tracking", GRPC: []string{"c.Tracking"}, Authorities: []string{"c.example"}},
			"weather":  {Clients: []string{"batch"}},
		},
		Public: []string{"grpc.health.v1.Health"},
	}
}

func TestTarget(t *testing.T) {
	policy, err := access.New(callers())
	if err != nil {
		t.Fatal(err)
	}
	issuer, accepts := access.Issuer{URL: corp}, []string{corp}
	for _, row := range []struct {
		client, service string
		want            access.Target
	}{
		{"portal", "orders", access.Target{
			Service: "orders", Issuer: issuer, Accepts: accepts, Audience: "order-status", Scopes: []string{"all", "read", "write"},
			Authorities: []string{"orders.example.com"}, GRPC: []string{"a.Orders"},
		}},
		{"batch", "people", access.Target{Service: "people", Issuer: issuer, Accepts: accepts, Audience: "people", GRPC: []string{"a.People"}}},
		{"batch", "tracking", access.Target{
			Service: "tracking", Issuer: issuer, Accepts: accepts, Audience: "urn:tracking", Scopes: []string{"a", "b"},
			Authorities: []string{"c.example"}, GRPC: []string{"c.Tracking"},
		}},
		{"batch", "weather", access.Target{Service: "weather", Issuer: issuer, Accepts: accepts, Audience: "weather"}},
	} {
		got, err := policy.Target(row.client, row.service)
		if err != nil {
			t.Errorf("%s, %s: %v", row.client, row.service, err)
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s, %s (-want +got):\n%s", row.client, row.service, diff)
		}
	}
	for _, row := range []struct{ client, service, want string }{
		{"portl", "orders", `no client "portl" in the policy, did you mean "portal"?`},
		{"portal", "order", `no service "order" in the policy, did you mean "orders"?`},
		{"portal", "weathr", `no service "weathr" in the policy, did you mean "weather"?`},
		{"portal", "a.Orders", `no service "a.Orders" in the policy: it is a gRPC service of "orders"`},
		{"portal", "people", `the matrix does not let "portal" call "people"`},
		{"portal", "weather", `the matrix does not let "portal" call "weather"`},
		{"stranger", "people", `"people" accepts no tokens of "https://partner.example", at which client "stranger" is registered`},
	} {
		if _, err := policy.Target(row.client, row.service); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s, %s: %v, want %s", row.client, row.service, err, row.want)
		}
	}
}

func TestPolicyClient(t *testing.T) {
	policy, err := access.New(callers())
	if err != nil {
		t.Fatal(err)
	}
	client, issuer, err := policy.Client("portal")
	if err != nil || client.ID != "portal-1" || issuer.URL != corp {
		t.Errorf("portal: %+v at %q, %v", client, issuer.URL, err)
	}
	if client, _, err = policy.Client("batch"); err != nil || client.ID != "batch" {
		t.Errorf("batch: %+v, %v, want its name as id", client, err)
	}
	if diff := cmp.Diff([]string{"grpc.health.v1.Health"}, policy.Public()); diff != "" {
		t.Errorf("Public (-want +got):\n%s", diff)
	}
}

// TestRolesThatMustBeRequested shows that a client requests the scope by which its issuer
// writes roles, if a rule for it demands roles, and only then.
func TestRolesThatMustBeRequested(t *testing.T) {
	for roles, want := range map[string][]string{"": {"read"}, "clerk": {"groups", "read"}} {
		m := callers()
		m.Issuers["corp"] = access.Issuer{URL: corp, Dialect: access.Dialect{
			Types: []string{"jwt"}, Client: []string{"azp"}, Scopes: []string{"scope"}, Roles: []access.RolePlace{{Claim: "groups"}}, RoleScope: "groups",
		}}
		s := m.Services["orders"]
		s.Allow = []access.Allow{{Clients: []string{"portal"}, Methods: []string{"*"}, Scopes: []string{"read"}}}
		if roles != "" {
			s.Allow[0].Roles = []string{roles}
		}
		m.Services["orders"] = s
		policy, err := access.New(m)
		if err != nil {
			t.Fatal(err)
		}
		target, err := policy.Target("portal", "orders")
		if err != nil || !slices.Equal(target.Scopes, want) {
			t.Errorf("roles %q: scopes %q, %v, want %q", roles, target.Scopes, err, want)
		}
	}
}

// TestTargetOfAnEntryForOtherTokens shows that an entry with a claim in the place of
// clients lets no client call whose tokens it is not about, nor request its scopes.
func TestTargetOfAnEntryForOtherTokens(t *testing.T) {
	m := callers()
	m.Issuers["builds"] = access.Issuer{URL: "https://token.actions.githubusercontent.com", Preset: "github-actions"}
	orders := m.Services["orders"]
	orders.Issuers = []string{"corp", "builds"}
	orders.Allow = []access.Allow{
		{AnyClient: true, Methods: []string{"Put"}, NoScopes: true, Claims: map[string][]string{"repository": {"acme/shop"}}},
		{Clients: []string{"portal"}, Methods: []string{"Get"}, Scopes: []string{"read"}},
	}
	m.Services["orders"] = orders
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := policy.Target("batch", "orders"); err == nil {
		t.Errorf("batch: got %v, want an error", got)
	}
	if got, err := policy.Target("portal", "orders"); err != nil || !slices.Equal(got.Scopes, []string{"read"}) {
		t.Errorf("portal: got scopes %q, %v", got.Scopes, err)
	}
}
