package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/matrixtest"
	"google.golang.org/grpc"
)

// TestReplicas plays the example, which fails if a stream ends that should not, or runs
// that should not, and shows that the last stream ends within a second and a half, on a
// machine that does other things.
func TestReplicas(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out bytes.Buffer
	if err := run(ctx, &out, "", 5); err != nil {
		t.Fatalf("%v, after\n%s", err, &out)
	}
	for _, want := range []string{
		"All 15 streams of ada have ended with TOKEN_REVOKED", "Ben's go on: 15 of 15", "All 15 streams of ben have ended with ISSUER_UNAVAILABLE",
		"written back what they know", "refused by all four", "order-status-4  policy ", "1 entry  lacks 0",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got no %q in\n%s", want, &out)
		}
	}
}

// TestEachReplicaEnforcesTheMatrix shows that each replica admits exactly the callers that
// the matrix names.
func TestEachReplicaEnforcesTheMatrix(t *testing.T) {
	c, err := company.Open(company.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	matrixtest.Assert(t, c.Policy(), interceptor.Services(company.OrderStatus), func(s *grpc.Server) { c.Register(s, company.OrderStatus) })
}

func TestMistakes(t *testing.T) {
	for url, want := range map[string]string{"ftp://x": "want valkey://", "valkey://:s3cret@127.0.0.1:1": "GRPCAUD_STORE_PASSWORD"} {
		if err := run(t.Context(), &bytes.Buffer{}, url, 1); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, want %s", url, err, want)
		}
	}
	if err := run(t.Context(), &bytes.Buffer{}, "", 0); err == nil || !strings.Contains(err.Error(), "want at least 1") {
		t.Errorf("no streams: %v", err)
	}
}
