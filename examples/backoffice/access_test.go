package main

import (
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/matrixtest"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// TestServersEnforceTheMatrix shows that each server of the company admits exactly the
// callers that access.yaml names.
func TestServersEnforceTheMatrix(t *testing.T) {
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		t.Fatal(err)
	}
	matrixtest.Assert(t, policy, interceptor.Services(orderStatus), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, newOrders(nil))
	})
	matrixtest.Assert(t, policy, interceptor.Services(humanResource), func(s *grpc.Server) {
		hrv1.RegisterHumanResourceServer(s, newPeople())
	})
}
