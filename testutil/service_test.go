package testutil_test

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// TestService shows how a service is tested behind the guard that it has in production:
// tokens, signatures and TLS are real, and nothing leaves the process. It is written to
// be copied.
func TestService(t *testing.T) {
	issuer := testutil.NewIssuer("https://idp.example.com/realms/corp", testutil.Keycloak())
	issuer.Register(testutil.Client{
		ID: "customer-portal", Secret: "s3cret",
		Audiences: []string{"order-status", "human-resource"}, Scopes: map[string][]string{"order-status": {"orders.read"}},
	})
	policy, err := policyfile.Parse("access.yaml", []byte(`
version: 1
issuers: {corp: {url: "https://idp.example.com/realms/corp", preset: keycloak}}
services:
  order-status:
    grpc: [acme.orders.v1.OrderStatus]
    allow:
      - {clients: [customer-portal], methods: [GetOrderStatus, ListOrders, WatchOrderStatus], scopes: [orders.read]}
      - {clients: [customer-portal], methods: [UpdateOrderStatus], scopes: [orders.write]}
clients: {customer-portal: {}}
`))
	if err != nil {
		t.Fatal(err)
	}
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Transport(issuer.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admit.Close() })
	conn := testutil.Serve(t, admit.Options(), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, ordersv1.UnimplementedOrderStatusServer{}) // yours
		if err := admit.CheckCoverage(s); err != nil {                                   // a method without a rule
			t.Error(err)
		}
	})
	tokens, err := tokensource.New(issuer.URL(), tokensource.ClientCredentials("customer-portal", "s3cret"),
		tokensource.Preset("keycloak"), tokensource.Transport(issuer.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tokens.Close() })
	orders := ordersv1.NewOrderStatusClient(conn)
	with := func(aud string, scopes ...string) grpc.CallOption {
		return grpc.PerRPCCredentials(interceptor.AsService(tokens, aud, interceptor.Scopes(scopes...)))
	}

	// Admitted: the answer is the handler's, which is not written yet.
	if _, err := orders.GetOrderStatus(t.Context(), &ordersv1.GetOrderStatusRequest{}, with("order-status", "orders.read")); status.Code(err) != codes.Unimplemented {
		t.Errorf("GetOrderStatus: %v", err)
	}
	// Refused: the token is for another service.
	if _, err := orders.GetOrderStatus(t.Context(), &ordersv1.GetOrderStatusRequest{}, with("human-resource")); reason(err) != audience.ReasonAudienceMismatch {
		t.Errorf("GetOrderStatus with a token for another service: %v", err)
	}
	// Refused: the token lacks the scope.
	if _, err := orders.UpdateOrderStatus(t.Context(), &ordersv1.UpdateOrderStatusRequest{}, with("order-status", "orders.read")); reason(err) != audience.ReasonScopeInsufficient {
		t.Errorf("UpdateOrderStatus: %v", err)
	}
}

// reason is why a call was refused; empty if it was not.
func reason(err error) audience.Reason {
	why, _ := interceptor.ReasonOf(err)
	return why
}
