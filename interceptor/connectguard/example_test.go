package connectguard_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"connectrpc.com/connect"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/connectguard"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/proto/acme/orders/v1/ordersv1connect"
	"github.com/grpcaud/grpcaud/testutil"
)

// orderStatus tells who asks for an order.
type orderStatus struct {
	ordersv1connect.UnimplementedOrderStatusHandler
}

func (orderStatus) GetOrderStatus(ctx context.Context, r *connect.Request[ordersv1.GetOrderStatusRequest]) (*connect.Response[ordersv1.GetOrderStatusResponse], error) {
	caller, _ := audience.FromContext(ctx)
	fmt.Printf("order %s for %s\n", r.Msg.GetOrderId(), caller.Client)
	return connect.NewResponse(&ordersv1.GetOrderStatusResponse{}), nil
}

// A service and a client of Connect, which both follow the matrix.
func Example() {
	issuer := testutil.NewIssuer(issuerURL)
	issuer.Register(testutil.Client{ID: "customer-portal", Secret: "secret", Audiences: []string{"order-status"}, Scopes: map[string][]string{"order-status": {"orders.read"}}})
	if err := os.Setenv("CONNECTGUARD_SECRET", "secret"); err != nil {
		log.Fatal(err)
	}
	policy, err := policyfile.Parse("access.yaml", []byte(matrix))
	if err != nil {
		log.Fatal(err)
	}
	quiet := interceptor.Logger(slog.New(slog.DiscardHandler))
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Transport(issuer.Transport()), quiet)
	if err != nil {
		log.Fatal(err)
	}
	defer admit.Close()
	mux := http.NewServeMux()
	mux.Handle(ordersv1connect.NewOrderStatusHandler(orderStatus{}, connectguard.HideDownstreamRefusals(admit)))
	handler, err := connectguard.New(admit, mux)
	if err != nil {
		log.Fatal(err)
	}
	srv := httptest.NewTLSServer(handler)
	defer srv.Close()

	as, err := interceptor.NewClient(policy, "customer-portal", interceptor.Transport(issuer.Transport()), quiet)
	if err != nil {
		log.Fatal(err)
	}
	defer as.Close()
	present, err := connectguard.ClientInterceptor(as, "order-status", srv.URL)
	if err != nil {
		log.Fatal(err)
	}
	orders := ordersv1connect.NewOrderStatusClient(connectguard.HTTPClient(srv.Client()), srv.URL, connect.WithInterceptors(present))
	if _, err := orders.GetOrderStatus(context.Background(), connect.NewRequest(&ordersv1.GetOrderStatusRequest{OrderId: "7"})); err != nil {
		log.Fatal(err)
	}
	_, err = orders.UpdateOrderStatus(context.Background(), connect.NewRequest(&ordersv1.UpdateOrderStatusRequest{OrderId: "7"}))
	if refusal, refused := errors.AsType[*interceptor.RefusedError](err); refused {
		fmt.Println("refused:", refusal.Reason)
	}
	// Output:
	// order 7 for customer-portal
	// refused: CLIENT_NOT_ALLOWED
}
