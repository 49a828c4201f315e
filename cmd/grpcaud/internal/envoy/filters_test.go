package envoy_test

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/envoy"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// TestLeeway shows that less than a second is not none: Envoy takes that for a
// minute.
func TestLeeway(t *testing.T) {
	for leeway, want := range map[string]string{"500ms": "1\n", "1s": "1\n", "45s": "45\n"} {
		policy, err := policyfile.Parse("access.yaml", []byte("version: 1\nissuers: {a: {url: https://a.example.com, preset: keycloak, leeway: "+leeway+"}}\n"+
			"services: {orders: {grpc: [acme.Orders], allow: [{clients: [c], methods: [Get], scopes: none}]}}\nclients: {c: {}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		plan, err := mesh.New(policy)
		if err != nil {
			t.Fatal(err)
		}
		filters, err := envoy.Filters(plan, envoy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := yaml.Marshal(filters)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "clock_skew_seconds: "+want) {
			t.Errorf("leeway %s: want clock_skew_seconds %sgot\n%s", leeway, want, text)
		}
	}
}
