package matrixissuer_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestIssuerForAddsNoScopeToAChoice shows that a client which asks for one of several scopes
// does not get another of them.
func TestIssuerForAddsNoScopeToAChoice(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	issuers := issuersFor(t, `
version: 1
issuers: {corp: {url: "https://idp.example.com"}}
services:
  order-status:
    grpc: [acme.orders.v1.OrderStatus]
    allow:
      - {clients: [portal], methods: [GetOrderStatus], any_scopes: [orders.write, orders.read]}
      - {clients: [portal], methods: [UpdateOrderStatus], scopes: [orders.write, basic]}
clients:
  portal: {secret: {env: PORTAL}}
`)
	for asked, want := range map[string]string{"orders.read": "orders.read", "orders.write": "orders.write", "basic": "basic orders.write"} {
		var answer struct {
			Token string `json:"access_token"`
		}
		got := ask(ctx, t, issuers, "portal", issuers.Environment()["PORTAL"], "audience=order-status&scope="+asked)
		if err := json.Unmarshal([]byte(strings.TrimPrefix(got, "200 OK ")), &answer); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(answer.Token, ".")[1])
		if err != nil || !strings.Contains(string(payload), `"scope":"`+want+`"`) {
			t.Errorf("%s: the token says %s, want the scopes %q", asked, payload, want)
		}
	}
}
