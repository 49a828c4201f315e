package main

import (
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/matrixtest"
)

// TestServersEnforceTheMatrix shows that each server of the company admits exactly the
// callers that access.yaml names.
func TestServersEnforceTheMatrix(t *testing.T) {
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := company.Open(company.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, service := range []string{company.OrderStatus, company.HumanResource} {
		matrixtest.Assert(t, policy, interceptor.Services(service), func(s *grpc.Server) { c.Register(s, service) })
	}
}
