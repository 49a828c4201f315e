package extauthz_test

import (
	"fmt"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/extauthz"
)

// A program that decides for Envoy. The command "grpcaud authz" is one without a list of
// revocations.
func ExampleNew() {
	policy, err := policyfile.Parse("access.yaml", []byte(`version: 1
issuers: {corp: {url: "https://idp.example.com"}}
services:
  order-status:
    grpc: [acme.orders.v1.OrderStatus]
    authorities: [orders.example.com]
    allow:
      - {clients: [customer-portal], methods: ["*"], scopes: [orders.read]}
clients: {customer-portal: {}}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	guard, err := interceptor.NewServer(policy, interceptor.Services("order-status"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer guard.Close()
	authz, err := extauthz.New(guard)
	if err != nil {
		fmt.Println(err)
		return
	}
	srv := grpc.NewServer() // on a unix socket that only Envoy can reach; else with TLS
	authz.Register(srv)
	for name := range srv.GetServiceInfo() {
		fmt.Println("Envoy asks", name)
	}
	// Output: Envoy asks envoy.service.auth.v3.Authorization
}
