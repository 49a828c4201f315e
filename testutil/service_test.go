package testutil_test

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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
	issuer := testutil.NewIssuer("https://idp.example.com")
	issuer.Register(testutil.Client{ID: "customer-portal", Secret: "s3cret", Audiences: []string{"order-status"}})

	policy, err := policyfile.Parse("access.yaml", []byte(`
version: 1
issuers: {corp: {url: "https://idp.example.com"}}
services:
  order-status:
    grpc: [acme.orders.v1.OrderStatus]
    allow: [{clients: [customer-portal], methods: [GetOrderStatus], scopes: none}]
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
	tokens, err := tokensource.New(issuer.URL(), tokensource.ClientCredentials("customer-portal", "s3cret"), tokensource.Transport(issuer.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tokens.Close() })

	conn := testutil.Serve(t, admit.Options(), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, ordersv1.UnimplementedOrderStatusServer{}) // yours
	}, grpc.WithPerRPCCredentials(interceptor.AsService(tokens, "order-status")))
	orders := ordersv1.NewOrderStatusClient(conn)

	// Admitted: the answer is the handler's, which is not written yet.
	if _, err := orders.GetOrderStatus(t.Context(), &ordersv1.GetOrderStatusRequest{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("GetOrderStatus: %v", err)
	}
	// Refused: no rule allows it.
	if _, err := orders.UpdateOrderStatus(t.Context(), &ordersv1.UpdateOrderStatusRequest{}); status.Code(err) != codes.PermissionDenied {
		t.Errorf("UpdateOrderStatus: %v", err)
	}
}
