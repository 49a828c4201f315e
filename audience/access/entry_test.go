package access_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

func TestTokensOf(t *testing.T) {
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
		if got, asked := guard.TokensOf(row.of); got != row.want || asked != row.asked {
			t.Errorf("%s: TokensOf = %q, %v, want %q, %v", name, got, asked, row.want, row.asked)
		}
	}
}
