package audience_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// The customer portal's token is genuine, alive, and made for somebody else.
func Example() {
	policy, err := audience.New(audience.Matrix{
		Issuers: map[string]audience.Issuer{"corp": {URL: "https://idp.example.com", Preset: "keycloak"}},
		Services: map[string]audience.Service{"human-resource": {
			GRPC:  []string{"acme.hr.v1.HumanResource"},
			Allow: []audience.Allow{{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, NoScopes: true}},
		}},
		Clients: map[string]audience.Client{"backoffice-portal": {}},
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
	keycloak, _ := audience.PresetNamed("keycloak")
	claims, err := keycloak.Claims([]byte(`{
		"iss": "https://idp.example.com", "aud": "order-status", "azp": "customer-portal",
		"typ": "Bearer", "iat": 1795435200, "exp": 1795435500
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = guard.Rule("/acme.hr.v1.HumanResource/GetEmployee").Judge(claims, time.Unix(1795435260, 0))
	var refusal *audience.Refusal
	if errors.As(err, &refusal) {
		fmt.Println("the peer reads:    ", refusal.Reason())
		fmt.Println("the operator reads:", refusal)
	}
	// Output:
	// the peer reads:     AUDIENCE_MISMATCH
	// the operator reads: audience: AUDIENCE_MISMATCH: got aud "order-status", want "human-resource"
}
