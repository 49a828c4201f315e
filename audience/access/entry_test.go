package access_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestEntriesAreAllThatAdmit shows that a refused call has no entry, whatever passes, and
// that each alternative that admits is named.
func TestEntriesAreAllThatAdmit(t *testing.T) {
	first := access.Entry{Name: "services.order-status.allow[0]"}
	second := access.Entry{Name: "services.order-status.allow[1]"}
	rule := guard(t, "order-status").Rule(getStatus)
	for name, row := range map[string]struct {
		claims map[string]any
		want   []access.Entry
	}{
		"both":             {map[string]any{"azp": "backoffice-portal", "scope": "orders.write orders.read"}, []access.Entry{first, second}},
		"one":              {map[string]any{"azp": "backoffice-portal", "scope": "orders.read"}, []access.Entry{first}},
		"no scope":         {map[string]any{"scope": "other"}, nil},
		"another audience": {map[string]any{"aud": "human-resource"}, nil},
	} {
		c, err := read(t, "keycloak", token(row.claims))
		if err != nil {
			t.Fatal(name, err)
		}
		got := rule.Entries(c, at(now))
		if diff := cmp.Diff(got, row.want); diff != "" {
			t.Errorf("%s: got -, want +\n%s", name, diff)
		}
		if len(got) > 0 && rule.Entry(c, at(now)) != got[0] {
			t.Errorf("%s: the first of %v is not Entry", name, got)
		}
	}
	if got := rule.Entries(nil, at(now)); got != nil {
		t.Errorf("without a token: %v", got)
	}
}

func TestPresetOfAnIssuer(t *testing.T) {
	asked := access.Introspection{URL: corp + "/introspect", ClientID: "orders", Secret: access.SecretRef{Env: "SECRET"}}
	for name, row := range map[string]struct {
		issuer access.Issuer
		of     string
		want   string
		asked  bool
	}{
		"no preset":      {access.Issuer{}, corp, "rfc9068", false},
		"a preset":       {access.Issuer{Preset: "keycloak"}, corp, "keycloak", false},
		"a dialect":      {access.Issuer{Dialect: access.Dialect{Types: []string{"at+jwt"}, Client: []string{"app"}, Audiences: access.AnyAudience}}, corp, "custom", false},
		"introspected":   {access.Issuer{Introspection: asked}, corp, "rfc9068", true},
		"another issuer": {access.Issuer{}, partner, "", false},
	} {
		row.issuer.URL = corp
		policy, err := access.New(access.Matrix{
			Issuers:  map[string]access.Issuer{"corp": row.issuer},
			Services: map[string]access.Service{"order-status": {GRPC: []string{"acme.orders.v1.OrderStatus"}}},
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		guard, err := policy.Guard("order-status")
		if err != nil {
			t.Fatal(err)
		}
		if got, asked := guard.Preset(row.of), guard.Introspects(row.of); got != row.want || asked != row.asked {
			t.Errorf("%s: Preset and Introspects = %q, %v, want %q, %v", name, got, asked, row.want, row.asked)
		}
	}
}
