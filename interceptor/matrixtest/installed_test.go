package matrixtest_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/matrixtest"
	"github.com/grpcaud/grpcaud/testutil"
)

// enforced takes the rollout out of the company.
func enforced(m *access.Matrix) {
	s := m.Services["order-status"]
	s.Rollout = nil
	m.Services["order-status"] = s
}

// TestAssertInstalledFindsMissingHalf shows that a missing half of the guard is an error
// for each method of its shape, and that nothing else is.
func TestAssertInstalledFindsMissingHalf(t *testing.T) {
	const (
		watch  = "/acme.orders.v1.OrderStatus/WatchOrderStatus, streaming, "
		update = "/acme.orders.v1.OrderStatus/UpdateOrderStatus, unary, "
		get    = "/acme.hr.v1.HumanResource/GetEmployee, unary, " // optional
		review = "/acme.hr.v1.HumanResource/ReviewEmployees, streaming, "
		none   = "without a token: not refused by the guard"
		bad    = "with a text that is not a token: not refused by the guard"
	)
	chain := func(u grpc.UnaryServerInterceptor, s grpc.StreamServerInterceptor) []grpc.ServerOption {
		return []grpc.ServerOption{grpc.ChainUnaryInterceptor(u), grpc.ChainStreamInterceptor(s)}
	}
	for name, row := range map[string]struct {
		change  func(*access.Matrix)
		install func(grpc.UnaryServerInterceptor, grpc.StreamServerInterceptor) []grpc.ServerOption
		want    []string
		not     []string
	}{
		"both": {enforced, chain, nil, []string{":"}},
		"unary alone": {
			enforced, func(u grpc.UnaryServerInterceptor, s grpc.StreamServerInterceptor) []grpc.ServerOption {
				return chain(u, s)[:1]
			},
			[]string{watch + none, watch + bad, review + none, review + bad, "admit.Options()"},
			[]string{"unary, "},
		},
		"streams alone": {
			enforced, func(u grpc.UnaryServerInterceptor, s grpc.StreamServerInterceptor) []grpc.ServerOption {
				return chain(u, s)[1:]
			},
			[]string{update + none, update + bad, get + bad},
			[]string{"streaming, ", get + none},
		},
		"neither": {
			enforced, func(grpc.UnaryServerInterceptor, grpc.StreamServerInterceptor) []grpc.ServerOption { return nil },
			[]string{watch + none, update + none},
			[]string{"OrderStatus/Version"},
		},
		"not enforced yet": {
			nil, func(grpc.UnaryServerInterceptor, grpc.StreamServerInterceptor) []grpc.ServerOption { return nil },
			[]string{review + none},
			[]string{"acme.orders"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			policy := company(t, row.change)
			admit, err := interceptor.NewServer(policy, both, interceptor.Logger(slog.New(slog.DiscardHandler)))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { admit.Close() })
			var srv *grpc.Server
			conn := testutil.Serve(t, row.install(admit.Interceptors()), func(s *grpc.Server) {
				register(s)
				srv = s
			})
			r := &recorder{TB: t}
			matrixtest.AssertInstalled(r, policy, both, srv, conn)
			all := strings.Join(r.errors, "\n")
			for _, want := range row.want {
				if !strings.Contains(all, want) {
					t.Errorf("no error has %q:\n%s", want, all)
				}
			}
			for _, not := range row.not {
				if strings.Contains(all, not) {
					t.Errorf("an error has %q:\n%s", not, all)
				}
			}
		})
	}
}

// TestAssertInstalledFindsOuterInterceptor shows that an outer interceptor that responds
// by itself is an error.
func TestAssertInstalledFindsOuterInterceptor(t *testing.T) {
	policy := company(t, enforced)
	admit, err := interceptor.NewServer(policy, both, interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admit.Close() })
	answering := grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > time.Minute {
			t.Error("a call without a deadline")
		}
		return req, nil
	})
	var srv *grpc.Server
	conn := testutil.Serve(t, append(admit.Options(), answering), func(s *grpc.Server) {
		register(s)
		srv = s
	})
	r := &recorder{TB: t}
	matrixtest.AssertInstalled(r, policy, both, srv, conn)
	if all := strings.Join(r.errors, "\n"); !strings.Contains(all, "GetOrderStatus, unary, without a token") || strings.Contains(all, "streaming") {
		t.Errorf("errors:\n%s\nwant one for each unary method", all)
	}
}
