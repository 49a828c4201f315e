package httpguard_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestProtectedResourceMetadata shows that anybody can read where tokens for the service
// come from, and that a service without a resource publishes nothing.
func TestProtectedResourceMetadata(t *testing.T) {
	const place = "/.well-known/oauth-protected-resource"
	w := newWorld(t, setup{policy: company(t, inService(func(s *access.Service) { s.HTTP.Resource = "https://orders.example.com/api" }))})
	for _, protocol := range protocols {
		c := w.client(t, protocol)
		got := ask(t, c, "GET", place+"/api")
		var document map[string]any
		if err := json.Unmarshal([]byte(got.body), &document); err != nil || got.status != 200 || got.header.Get("Content-Type") != "application/json" {
			t.Fatalf("%d %q, %v", got.status, got.body, err)
		}
		want := map[string]any{
			"resource": "https://orders.example.com/api", "authorization_servers": []any{corp}, "scopes_supported": []any{"orders.read"},
			"bearer_methods_supported": []any{"header"}, "resource_name": "order-status",
		}
		if diff := cmp.Diff(want, document); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if head := ask(t, c, "HEAD", place+"/api"); head.status != 200 || head.body != "" {
			t.Errorf("HEAD: %d %q", head.status, head.body)
		}
		for method, path := range map[string]string{"GET": place, "POST": place + "/api"} {
			if got := ask(t, c, method, path); (verdict{got.status, got.problem.Reason}) != missing {
				t.Errorf("%s %s: %d, want %v", method, path, got.status, missing)
			}
		}
	}
	without := newWorld(t, setup{})
	if got := ask(t, without.client(t, "HTTP/2.0"), "GET", place); got.status != 401 {
		t.Errorf("without a resource: %d, want 401", got.status)
	}
}
