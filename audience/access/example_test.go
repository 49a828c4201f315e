package access_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// The customer portal's token is genuine, alive, and made for somebody else.
func Example() {
	policy, err := access.New(access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: "https://idp.example.com", Preset: "keycloak"}},
		Services: map[string]access.Service{"human-resource": {
			GRPC:  []string{"acme.hr.v1.HumanResource"},
			Allow: []access.Allow{{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, NoScopes: true}},
		}},
		Clients: map[string]access.Client{"backoffice-portal": {}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	guard, err := policy.Guard("human-resource")
	if err != nil {
		fmt.Println(err)
		return
	}
	keycloak, _ := claims.LookupPreset("keycloak")
	claims, err := keycloak.Claims([]byte(`{
		"iss": "https://idp.example.com", "aud": "order-status", "azp": "customer-portal",
		"typ": "Bearer", "iat": 1795435200, "exp": 1795435500
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	rule := guard.Rule("/acme.hr.v1.HumanResource/GetEmployee")
	err = rule.Judge(claims, access.Presentation{Time: time.Unix(1795435260, 0)})
	var refusal *audience.Refusal
	if errors.As(err, &refusal) {
		fmt.Println("the peer reads:    ", refusal.Reason())
		fmt.Println("the operator reads:", refusal)
	}
	// Output:
	// the peer reads:     AUDIENCE_MISMATCH
	// the operator reads: audience: AUDIENCE_MISMATCH: got aud "order-status", want "human-resource"; the matrix does not let client "customer-portal" call human-resource: see services.human-resource.allow, which must name the client if it may call; until then, change nothing at the issuer
}

// A server without a matrix file: the issuer, the audience, what is guarded, and who
// may call.
func ExampleForService() {
	policy, err := access.ForService(
		access.Issuer{URL: "https://idp.example.com/realms/corp", Preset: "keycloak"},
		"order-status",
		[]string{"acme.orders.v1.OrderStatus"},
		access.Allow{Clients: []string{"customer-portal"}, Scopes: []string{"orders.read"}},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(policy.Services()) // for interceptor.NewServer(policy, interceptor.Services("order-status"))
	// Output: [order-status]
}
