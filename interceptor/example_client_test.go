package interceptor_test

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// policy would be what policyfile.Load returns.
var policy = func() *access.Policy {
	policy, err := access.New(access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: "https://idp.example.com/realms/corp", Preset: "keycloak"}},
		Services: map[string]access.Service{"order-status": {
			GRPC:        []string{"acme.orders.v1.OrderStatus"},
			Authorities: []string{"orders.example.com"},
			Allow:       []access.Allow{{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, Scopes: []string{"orders.read"}}},
		}},
		Clients: map[string]access.Client{"backoffice-portal": {Secret: access.SecretRef{File: "/run/secrets/backoffice"}}},
	})
	if err != nil {
		panic(err)
	}
	return policy
}()

func ExampleNewClient() {
	as, err := interceptor.NewClient(policy, "backoffice-portal")
	if err != nil {
		panic(err)
	}
	defer as.Close()

	tlsCreds := credentials.NewTLS(nil)
	conn, err := grpc.NewClient("orders.example.com:443", append(as.Service("order-status"), grpc.WithTransportCredentials(tlsCreds))...)
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	_ = ordersv1.NewOrderStatusClient(conn) // each call bears a token for order-status, and for nobody else
}

func ExampleRefusedError() {
	call := func() error { return nil } // of a connection of a Client

	if refusal, ok := errors.AsType[*interceptor.RefusedError](call()); ok {
		fmt.Println("refused for", refusal.Reason, "- ask the operators about", refusal.RequestID)
	}
}

func ExampleReopen() {
	var orders ordersv1.OrderStatusClient // on a connection of a Client

	follow := func(ctx context.Context) error {
		watch := func(ctx context.Context) (grpc.ServerStreamingClient[ordersv1.WatchOrderStatusResponse], error) {
			return orders.WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{OrderId: "o-1"})
		}
		for order, err := range interceptor.Reopen(ctx, watch) {
			if err != nil {
				return err
			}
			fmt.Println(order.GetOrder().GetStatus())
		}
		return nil
	}
	_ = follow
}
