package admission

import (
	"log/slog"
	"maps"
	"testing"

	"go.opentelemetry.io/otel/metric/noop"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

const (
	corp     = "https://idp.example.com/realms/corp"
	getOrder = "/acme.orders.v1.OrderStatus/GetOrderStatus"
)

// private is a connection that nobody else can read.
var private = Peer{Connection: PrivateConnection}

// newController returns a controller of the orders that issuer's tokens open.
func newController(t testing.TB, issuer *testutil.Issuer, changes ...func(*Config)) *Controller {
	t.Helper()
	policy, err := access.New(access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: corp}},
		Services: map[string]access.Service{"order-status": {
			GRPC:  []string{"acme.orders.v1.OrderStatus"},
			Allow: []access.Allow{{Clients: []string{"customer-portal"}, Methods: []string{"*"}, Scopes: []string{"orders.read"}}},
		}},
		Clients: map[string]access.Client{"customer-portal": {}},
	})
	if err != nil {
		t.Fatal(err)
	}
	config := Config{
		Log: slog.New(slog.DiscardHandler), Meter: noop.NewMeterProvider().Meter(""),
		Verifier: []verifier.Option{verifier.Transport(issuer.Transport())},
	}
	for _, change := range changes {
		change(&config)
	}
	c, err := New(policy, []string{"order-status"}, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// mint returns a token with which the customer portal may ask for an order.
func mint(issuer *testutil.Issuer, changes testutil.Claims) string {
	claims := testutil.Claims{"aud": "order-status", "sub": "alice", "client_id": "customer-portal", "scope": "orders.read"}
	maps.Copy(claims, changes)
	return issuer.Mint(claims)
}
