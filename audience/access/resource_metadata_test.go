package access_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
)

func TestResourceMetadata(t *testing.T) {
	m := overHTTP(both(), func(s *access.Service) {
		s.HTTP.Resource, s.HTTP.Documentation = "https://api.example.com/orders", "https://docs.example.com/orders"
		s.Audiences = []string{"https://api.example.com/orders"}
		s.Allow[1].AnyScopes = []string{"orders.audit"}
	})
	bound := m.Issuers["partner"]
	bound.RequireBound = true
	m.Issuers["partner"] = bound
	g := merged(t, m, options(func(o *access.MethodOptions) { o.Demands.Scopes = []string{"orders.track"} }))
	document := g.ResourceMetadata("order-status")
	if document == nil {
		t.Fatal("no metadata")
	}
	const want = `{"resource":"https://api.example.com/orders",` +
		`"authorization_servers":["https://idp.example.com/realms/corp","https://login.partner.example"],` +
		`"scopes_supported":["orders.audit","orders.read","orders.track","orders.write"],"bearer_methods_supported":["header"],` +
		`"resource_name":"order-status","resource_documentation":"https://docs.example.com/orders","tls_client_certificate_bound_access_tokens":true}`
	if diff := cmp.Diff(want, string(document.Document())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range []string{"human-resource", "nobody"} {
		if m := g.ResourceMetadata(name); m != nil {
			t.Errorf("ResourceMetadata(%q) = %+v, want none", name, m)
		}
	}
}

// TestAddressOfResourceMetadata has the addresses of RFC 9728, section 3.1.
func TestAddressOfResourceMetadata(t *testing.T) {
	for resource, want := range map[string]string{
		"https://orders.example.com":         "https://orders.example.com/.well-known/oauth-protected-resource",
		"https://orders.example.com/":        "https://orders.example.com/.well-known/oauth-protected-resource",
		"https://orders.example.com:8443/v1": "https://orders.example.com:8443/.well-known/oauth-protected-resource/v1",
		"https://orders.example.com/v1/":     "https://orders.example.com/.well-known/oauth-protected-resource/v1/",
	} {
		if got := (&access.ResourceMetadata{Resource: resource}).URL(); got != want {
			t.Errorf("URL of %q: got %q, want %q", resource, got, want)
		}
	}
}

func TestResourceOfTwoServicesIsAMistake(t *testing.T) {
	newRefuses(t, func(m *access.Matrix) {
		*m = overHTTP(both(), func(s *access.Service) { s.HTTP.Resource = "https://api.example.com" })
		service(func(s *access.Service) {
			s.HTTP = &access.HTTP{Operations: map[string][]string{"Get": {"GET /x"}}, Resource: "https://api.example.com/"}
		})(m)
	}, `services.order-status.http.resource: "https://api.example.com" is the resource of "human-resource" too`)
}
