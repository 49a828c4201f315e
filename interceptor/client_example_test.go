package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// policy stands for the result of policyfile.Load.
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

	conn, err := as.Dial("orders.example.com:443", "order-status", credentials.NewTLS(nil))
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	_ = ordersv1.NewOrderStatusClient(conn) // each call carries a token for order-status only
}

// A name that the matrix does not know is an error before anything is dialled.
func ExampleClient_Dial() {
	as, err := interceptor.NewClient(policy, "backoffice-portal")
	if err != nil {
		panic(err)
	}
	defer as.Close()

	_, err = as.Dial("orders.example.com:443", "order-states", credentials.NewTLS(nil))
	fmt.Println(err)
	// Output:
	// interceptor: access: no service "order-states" in the policy, did you mean "order-status"?; backoffice-portal may call order-status
}

// One connection may lead to several services: the gRPC service that is called selects
// the token.
func ExampleClient_DialOptions() {
	as, err := interceptor.NewClient(policy, "backoffice-portal")
	if err != nil {
		panic(err)
	}
	defer as.Close()

	tlsCreds := grpc.WithTransportCredentials(credentials.NewTLS(nil))
	conn, err := grpc.NewClient("gateway.example.com:443", append(as.DialOptions("order-status"), tlsCreds)...)
	if err != nil {
		panic(err)
	}
	defer conn.Close()
}

// A web front end shows an order to the user who has logged in at it.
func ExampleClient_ForUser() {
	as, err := interceptor.NewClient(policy, "backoffice-portal")
	if err != nil {
		panic(err)
	}
	defer as.Close()
	conn, err := as.DialOnBehalfOf("orders.example.com:443", "order-status", credentials.NewTLS(nil))
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	var tokensOf func(*http.Request) oauth2.TokenSource // of the user's session

	http.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		ctx, err := as.ForUser(r.Context(), "corp", tokensOf(r))
		if err != nil {
			http.Error(w, "The orders cannot be shown.", http.StatusInternalServerError)
			return
		}
		_, err = ordersv1.NewOrderStatusClient(conn).GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{OrderId: r.PathValue("id")})
		switch {
		case as.LoginRequired(err):
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		case err != nil:
			http.Error(w, "The order cannot be shown now.", http.StatusBadGateway)
		}
	})
}

// What a login must request depends on the issuer.
func ExampleClient_LoginForward() {
	as, err := interceptor.NewClient(policy, "backoffice-portal")
	if err != nil {
		panic(err)
	}
	defer as.Close()

	scopes, _, err := as.LoginForward("order-status") // at Keycloak, a scope adds the audience
	fmt.Println(scopes, err)
	// Output:
	// [order-status orders.read] <nil>
}

func ExampleRefusedError() {
	call := func() error { return nil } // on a connection of a Client

	if refusal, ok := errors.AsType[*interceptor.RefusedError](call()); ok {
		fmt.Printf("refused: %s; the server logged it as %s\n", refusal.Reason, refusal.RequestID)
	}
}

func ExampleResumeStream() {
	var orders ordersv1.OrderStatusClient // on a connection of a Client

	follow := func(ctx context.Context) error {
		watch := func(ctx context.Context) (grpc.ServerStreamingClient[ordersv1.WatchOrderStatusResponse], error) {
			return orders.WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{OrderId: "o-1"})
		}
		for order, err := range interceptor.ResumeStream(ctx, watch) {
			if err != nil {
				return err
			}
			fmt.Println(order.GetOrder().GetStatus())
		}
		return nil
	}
	_ = follow
}
