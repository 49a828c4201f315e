package audience_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/grpcaud/grpcaud/audience"
)

var plainly = cmpopts.IgnoreUnexported(audience.Caller{})

func TestCaller(t *testing.T) {
	c, err := read(t, "keycloak", token(members{
		"aud": []string{"order-status"}, "azp": "order-status", "scope": "a b",
		"act": members{"sub": "order-status", "act": members{"sub": "backoffice-portal"}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := &audience.Caller{
		Issuer: corp, Client: "order-status", User: "alice", Chain: []string{"order-status", "backoffice-portal"},
		Scopes: []string{"a", "b"}, Audience: []string{"order-status"}, Expiry: now.Add(5 * time.Minute),
	}
	if diff := cmp.Diff(want, c.Caller(), plainly); diff != "" {
		t.Errorf("Caller (-want +got):\n%s", diff)
	}
}

func TestContext(t *testing.T) {
	if _, ok := audience.FromContext(t.Context()); ok {
		t.Error("a caller in an empty context")
	}
	caller := &audience.Caller{Client: "customer-portal", Chain: []string{"a"}, Scopes: []string{"a"}, Audience: []string{"a"}}
	ctx := audience.NewContext(t.Context(), caller)
	got, ok := audience.FromContext(ctx)
	if diff := cmp.Diff(*caller, got, plainly); !ok || diff != "" {
		t.Errorf("FromContext (-want +got):\n%s", diff)
	}
	got.Chain[0], got.Scopes[0], got.Audience[0] = "changed", "changed", "changed"
	if caller.Chain[0] != "a" || caller.Scopes[0] != "a" || caller.Audience[0] != "a" {
		t.Error("what FromContext returns shares the caller's slices")
	}
	if _, ok := audience.FromContext(audience.NewContext(t.Context(), nil)); ok {
		t.Error("a nil caller counts as one")
	}
}

// TestCallerPrints shows that a caller that is printed shows what its fields
// say and no other claim.
func TestCallerPrints(t *testing.T) {
	c, err := read(t, "keycloak", token(members{"salary": "5000"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, *c.Caller()); strings.Contains(text, "salary") || strings.Contains(text, "5000") {
			t.Errorf("%s prints %s", format, text)
		}
	}
}

// TestCallerWithUser shows that only a client's own account is nobody's.
func TestCallerWithUser(t *testing.T) {
	for _, row := range []struct {
		name, preset string
		claims       members
		want         string
	}{
		{"a person", "keycloak", members{"preferred_username": "alice"}, "alice"},
		{"another client's account", "keycloak", members{"preferred_username": "service-account-backoffice-portal"}, "alice"},
		{"almost the client's id", "keycloak", members{"sub": "Customer-Portal"}, "Customer-Portal"},
		{"an account in lower case", "keycloak", members{"azp": "Customer-Portal", "preferred_username": "service-account-customer-portal"}, ""},
		{"an issuer other than Keycloak", "rfc9068", members{"client_id": "customer-portal", "preferred_username": "service-account-customer-portal"}, "alice"},
	} {
		c, err := read(t, row.preset, token(row.claims))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Caller().User; got != row.want {
			t.Errorf("%s: user %q, want %q", row.name, got, row.want)
		}
	}
}
