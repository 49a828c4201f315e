package interceptor_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// plain is a gRPC server for orders with nothing installed.
func plain() *grpc.Server {
	srv := grpc.NewServer()
	registerAnybody(srv)
	return srv
}

// elsewhere lists services, and is not a *grpc.Server, as an xDS server is not. Its
// values cannot be compared.
type elsewhere struct {
	*grpc.Server
	_ []string
}

// TestEachCheckNeedsAHandOut shows that a gRPC server whose interceptors were never
// taken is an error, and that each further one needs a hand-out of its own.
func TestEachCheckNeedsAHandOut(t *testing.T) {
	for name, take := range map[string]func(*interceptor.Server) error{
		"Options":      func(s *interceptor.Server) error { s.Options(); return nil },
		"Interceptors": func(s *interceptor.Server) error { s.Interceptors(); return nil },
		"AuthFunc": func(s *interceptor.Server) error {
			_, err := s.AuthFunc(interceptor.InsecureNoLeases{})
			return err
		},
	} {
		server := guarded(t, newIssuer(), access.Enforce)
		first, second := plain(), plain()
		check := func(srv *grpc.Server, want string) {
			t.Helper()
			if err := server.CheckCoverage(srv); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "grpc.NewServer(admit.Options()...)")) {
				t.Errorf("%s: CheckCoverage = %v, want %q", name, err, want)
			}
		}
		check(first, "never taken")
		if err := take(server); err != nil {
			t.Fatal(err)
		}
		check(first, "")
		check(first, "") // the same again
		if err := server.Swap(company(t)); err != nil {
			t.Errorf("%s: Swap = %v, though it needs no hand-out", name, err)
		}
		check(second, "taken 1 times, for the 1 that were checked before")
		check(first, "")
		if err := take(server); err != nil {
			t.Fatal(err)
		}
		check(second, "")
		if err := server.CheckCoverage(elsewhere{Server: first}); err == nil {
			t.Errorf("%s: a third gRPC server needs no hand-out", name)
		}
	}
}

// TestHandOutsAreSpentByFailures shows that a check which fails uses its hand-out
// up all the same, and not once more when it is repeated.
func TestHandOutsAreSpentByFailures(t *testing.T) {
	server := guarded(t, newIssuer(), access.Enforce)
	server.Options()
	empty := grpc.NewServer()
	for range 2 {
		if err := server.CheckCoverage(empty); err == nil || !strings.Contains(err.Error(), "does not register") {
			t.Errorf("CheckCoverage = %v, want it to miss the orders", err)
		}
	}
	if err := server.CheckCoverage(plain()); err == nil || !strings.Contains(err.Error(), "interceptors were taken") {
		t.Errorf("CheckCoverage = %v, want no hand-out to be left", err)
	}
	registerAnybody(empty)
	if err := server.CheckCoverage(empty); err != nil {
		t.Errorf("CheckCoverage = %v, though the service is registered now", err)
	}
}

// TestCheckCoverageTakesWhatListsServices shows that it need not be a *grpc.Server,
// and that a missing one is an error.
func TestCheckCoverageTakesWhatListsServices(t *testing.T) {
	server := guarded(t, newIssuer(), access.Enforce)
	server.Interceptors()
	if err := server.CheckCoverage(nil); err == nil {
		t.Error("nil is content")
	}
	if err := server.CheckCoverage((*grpc.Server)(nil)); err == nil {
		t.Error("a nil *grpc.Server is content")
	}
	if err := server.CheckCoverage(elsewhere{Server: plain()}); err != nil {
		t.Errorf("CheckCoverage = %v", err)
	}
	if err := server.CheckCoverage(elsewhere{Server: plain()}); err == nil {
		t.Error("what cannot be compared counts as checked before")
	}
}

// TestSwapHoldsToEachServer shows that a later policy must fit every gRPC server
// that was checked.
func TestSwapHoldsToEachServer(t *testing.T) {
	server := serverOf(t, newIssuer(), company(t))
	for _, opts := range [][]grpc.ServerOption{server.Options(), server.Options()} {
		srv := grpc.NewServer(opts...)
		ordersv1.RegisterOrderStatusServer(srv, &orders{})
		if err := server.CheckCoverage(srv); err != nil {
			t.Fatal(err)
		}
	}
	closed := grpc.NewServer(server.Options()...)
	closed.RegisterService(&grpc.ServiceDesc{
		ServiceName: "acme.orders.v1.OrderStatus", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "GetOrderStatus"}, {MethodName: "ListOrders"}, {MethodName: "DropOrder"}, {MethodName: "UpdateOrderStatus"}, {MethodName: "WatchOrderStatus"}},
	}, &orders{})
	if err := server.CheckCoverage(closed); err != nil {
		t.Fatal(err)
	}
	err := server.Swap(company(t, func(m *access.Matrix) {
		m.Services["order-status"].Allow[1].Methods = []string{"GetOrderStatus", "ListOrders", "UpdateOrderStatus", "WatchOrderStatus"}
	}))
	if err == nil || !strings.Contains(err.Error(), "OrderStatus/DropOrder has no rule") {
		t.Errorf("Swap = %v, want it to miss the method of the third gRPC server", err)
	}
}

// TestInterceptorsGuard shows that what Interceptors returns guards both shapes.
func TestInterceptorsGuard(t *testing.T) {
	issuer := newIssuer()
	server := guarded(t, issuer, access.Enforce)
	unary, stream := server.Interceptors()
	conn := testutil.Serve(t, []grpc.ServerOption{grpc.ChainUnaryInterceptor(unary), grpc.ChainStreamInterceptor(stream)}, registerAnybody)
	for shape, do := range shapes {
		if err := do(bearing(t.Context(), "Bearer "+issuer.Mint(good(nil))), conn); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
		if err := do(t.Context(), conn); verdictOf(err).Reason != audience.ReasonCredentialsMissing {
			t.Errorf("%s, without a token: %v", shape, err)
		}
	}
}
