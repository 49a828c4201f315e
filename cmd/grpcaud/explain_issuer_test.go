package main_test

import (
	"encoding/json"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

// TestExplainOfIssuers shows that explain finds the issuer of a token by its tenant, by a
// name that is no address, and by the trust domain of a token without iss.
func TestExplainOfIssuers(t *testing.T) {
	issuer := testutil.NewIssuer("https://login.example.com/t1", testutil.Typ("JWT"))
	key := issuer.Rotate("ES256")
	issuer.Retire()
	set, err := json.Marshal(map[string]any{"keys": []any{key.JWK()}})
	if err != nil {
		t.Fatal(err)
	}
	keys := file(t, "keys.json", string(set))
	for name, row := range map[string]struct {
		settings, client string
		claims           testutil.Claims
		code             int
		want             string
	}{
		"a tenant":               {"url: 'https://login.example.com/{tenant}', tenants: [t1, t2], preset: duende", "{id: p}", testutil.Claims{}, 0, "admitted"},
		"no tenant of the list":  {"url: 'https://login.example.com/{tenant}', tenants: [t2], preset: duende", "{id: p}", testutil.Claims{}, 1, "ISSUER_UNKNOWN"},
		"a trust domain":         {"url: 'spiffe://example.org', preset: spiffe, keys_file: missing", "{id: 'spiffe://example.org/p'}", testutil.Claims{"iss": nil, "sub": "spiffe://example.org/p", "client_id": nil}, 0, "admitted"},
		"another trust domain":   {"url: 'spiffe://example.org', preset: spiffe, keys_file: missing", "{id: 'spiffe://example.org/p'}", testutil.Claims{"iss": nil, "sub": "spiffe://other.org/p", "client_id": nil}, 1, "write that as trust_domain"},
		"no trust domain at all": {"url: 'https://oidc.example.org', preset: spiffe", "{id: 'spiffe://example.org/p'}", testutil.Claims{"iss": nil, "sub": "spiffe://example.org/p", "client_id": nil}, 1, "write that as trust_domain"},
		"a name":                 {"url: my-auth-service, preset: spiffe, keys_file: missing", "{id: 'spiffe://example.org/p'}", testutil.Claims{"iss": "my-auth-service", "sub": "spiffe://example.org/p", "client_id": nil}, 0, "admitted"},
	} {
		t.Run(name, func(t *testing.T) {
			matrix := file(t, "access.yaml", "version: 1\nissuers:\n  corp: {"+row.settings+"}\nservices:\n  orders: {grpc: [acme.orders.v1.OrderStatus], allow: [{clients: [p], methods: [\"*\"], scopes: none}]}\nclients: {p: "+row.client+"}\n")
			claims := testutil.Claims{"aud": "orders", "sub": "p", "client_id": "p"}
			for name, value := range row.claims {
				claims[name] = value
			}
			header := testutil.Header("typ", map[bool]string{true: "at+jwt", false: "JWT"}[len(row.claims) == 0])
			r := run(t, issuer.Mint(claims, header), "explain", matrix, "--service", "orders", "--method", "GetOrderStatus", "--jwks", keys)
			r.want(t, row.code, row.want)
		})
	}
}
