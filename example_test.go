package grpcaud

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// orders is the service of the examples.
type orders struct {
	ordersv1.UnimplementedOrderStatusServer
}

// GetOrderStatus reads who calls.
func (orders) GetOrderStatus(ctx context.Context, r *ordersv1.GetOrderStatusRequest) (*ordersv1.GetOrderStatusResponse, error) {
	caller, ok := audience.FromContext(ctx)
	if !ok {
		return nil, status.Error(codes.Internal, "no caller")
	}
	fmt.Println(caller.Client, "asks about", r.GetOrderId())
	return &ordersv1.GetOrderStatusResponse{}, nil
}

// serve guards the service and serves until an error.
func serve(listener net.Listener, creds credentials.TransportCredentials) error {
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		return err
	}
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"))
	if err != nil {
		return err
	}
	defer admit.Close()
	srv := grpc.NewServer(append(admit.Options(), grpc.Creds(creds))...)
	ordersv1.RegisterOrderStatusServer(srv, orders{})
	if err := admit.CheckCoverage(srv); err != nil {
		return err
	}
	return srv.Serve(listener)
}

// A server whose calls are admitted by the access matrix. Its handlers read the caller
// from the context.
func Example_server() {
	listener, err := net.Listen("tcp", ":443")
	if err != nil {
		fmt.Println(err)
		return
	}
	creds, err := credentials.NewServerTLSFromFile("tls.crt", "tls.key")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(serve(listener, creds))
}

// A client that the access matrix knows. Each call carries a token that was requested
// for the service.
func Example_client() {
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	as, err := interceptor.NewClient(policy, "backoffice-portal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer as.Close()
	conn, err := as.Dial("orders.example.com:443", "order-status", credentials.NewTLS(nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	_, err = ordersv1.NewOrderStatusClient(conn).GetOrderStatus(context.Background(), &ordersv1.GetOrderStatusRequest{OrderId: "o-1"})
	if reason, refused := interceptor.ReasonOf(err); refused {
		fmt.Println("refused:", reason)
	}
}
