package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/matrixtest"
)

// TestServersEnforceTheMatrix shows that each server admits exactly the callers that
// access.yaml names.
func TestServersEnforceTheMatrix(t *testing.T) {
	policy, err := policyfile.Parse("access.yaml", matrix)
	if err != nil {
		t.Fatal(err)
	}
	c, err := company.Open(company.Config{Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, service := range []string{company.OrderStatus, company.HumanResource} {
		matrixtest.Assert(t, policy, interceptor.Services(service), func(s *grpc.Server) { c.Register(s, service) })
	}
}

// TestWorkOutlivesItsCaller shows that the part of the work that is done at once bears
// the user's name, that the rest is done by the worker as itself, and that the log line
// of the worker's call names both.
func TestWorkOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out bytes.Buffer
	if err := run(ctx, &out); err != nil {
		t.Fatalf("run = %v\n%s", err, out.String())
	}
	for _, want := range []string{
		`At once, on her behalf: Bob Builder is told; human-resource saw the callers ["order-status" "backoffice-portal" "alice"]`,
		`{"order":"o-1","asked":{"issuer":"https://idp.example.com/realms/corp","client":"backoffice-portal","user":"alice",`,
		"Her token is refused: TOKEN_EXPIRED.",
		"client=night-worker method=/acme.hr.v1.HumanResource/GetEmployee code=OK",
		"on_behalf_of.user=alice",
		`Carol Clerk is told; human-resource saw the callers ["night-worker"]`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "eyJ") {
		t.Errorf("a token in:\n%s", out.String())
	}
}
