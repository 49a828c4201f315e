package httpguard_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// orders is the gRPC face of the service.
type orders struct {
	ordersv1.UnimplementedOrderStatusServer
}

func (orders) GetOrderStatus(context.Context, *ordersv1.GetOrderStatusRequest) (*ordersv1.GetOrderStatusResponse, error) {
	return &ordersv1.GetOrderStatusResponse{}, nil
}

// TestBothFacesHaveOneVerdict shows that one server admits and refuses the same over gRPC
// and over HTTP, by one policy and for the same reasons, also after a change of the policy.
func TestBothFacesHaveOneVerdict(t *testing.T) {
	w := newWorld(t, setup{})
	conn := testutil.Serve(t, w.admit.Options(), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, orders{})
		if err := w.admit.CheckCoverage(s); err != nil {
			t.Error(err)
		}
	})
	compare := func(when string) {
		for name, token := range map[string]string{
			"good":             w.issuer.Mint(good(nil)),
			"another client":   w.issuer.Mint(good(testutil.Claims{"client_id": "backoffice-portal"})),
			"another audience": w.issuer.Mint(good(testutil.Claims{"aud": "x"})),
			"no scope":         w.issuer.Mint(good(testutil.Claims{"scope": ""})),
			"ended":            w.issuer.Mint(good(testutil.Claims{"exp": time.Now().Add(-time.Hour).Unix()})),
			"forged":           "x",
		} {
			ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
			_, err := ordersv1.NewOrderStatusClient(conn).GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{})
			reason, _ := interceptor.ReasonOf(err)
			for _, protocol := range protocols {
				got := ask(t, w.client(t, protocol), "GET", getting, "Authorization", "Bearer "+token)
				if (got.status == 200) != (status.Code(err) == codes.OK) || got.problem.Reason != reason {
					t.Errorf("%s, %s: %s: %d %s; gRPC: %v", when, name, protocol, got.status, got.problem.Reason, err)
				}
			}
		}
	}
	compare("at first")
	next := company(t, inService(func(s *access.Service) {
		s.Allow[0].Clients, s.Allow[1].Clients = s.Allow[1].Clients, s.Allow[0].Clients
	}))
	if err := w.admit.Swap(next); err != nil {
		t.Fatal(err)
	}
	compare("after a change")
}

// humanResource answers with who calls.
type humanResource struct {
	hrv1.UnimplementedHumanResourceServer
}

func (humanResource) GetEmployee(ctx context.Context, _ *hrv1.GetEmployeeRequest) (*hrv1.GetEmployeeResponse, error) {
	caller, _ := audience.FromContext(ctx)
	return &hrv1.GetEmployeeResponse{Employee: &hrv1.Employee{Name: caller.User + " by " + caller.Client}}, nil
}

// TestHandlerCallsForItsCaller shows that a handler of HTTP requests calls another service
// for its caller by token exchange, while its request lasts.
func TestHandlerCallsForItsCaller(t *testing.T) {
	policy := company(t, func(m *access.Matrix) {
		s := m.Services["order-status"]
		s.Self = true
		m.Services["order-status"] = s
		m.Clients["order-status"] = access.Client{Secret: access.SecretRef{Env: "ORDERS_SECRET"}}
		m.Services["human-resource"] = access.Service{
			GRPC:  []string{"acme.hr.v1.HumanResource"},
			Allow: []access.Allow{{Clients: []string{"order-status"}, Methods: []string{"*"}, NoScopes: true}},
		}
	})
	t.Setenv("ORDERS_SECRET", "orders-secret")
	var employee func(context.Context) (string, error)
	late := make(chan context.Context, 4)
	w := newWorld(t, setup{policy: policy, handle: func(rw http.ResponseWriter, r *http.Request) {
		name, err := employee(r.Context())
		if err != nil {
			name = err.Error()
		}
		_, _ = io.WriteString(rw, name)
		late <- context.WithoutCancel(r.Context())
	}})
	w.issuer.Register(testutil.Client{ID: "order-status", Secret: "orders-secret", Audiences: []string{"human-resource"}, Exchange: true})
	employee = employeeOf(t, w, policy)
	for _, protocol := range protocols {
		got := ask(t, w.client(t, protocol), "GET", getting, "Authorization", "Bearer "+w.issuer.Mint(good(nil)))
		if got.body != "alice by order-status" {
			t.Errorf("%s: %q, want the user and the service", protocol, got.body)
		}
		if name, err := employee(<-late); err == nil {
			t.Errorf("%s: after the request the handler still calls for %s", protocol, name)
		}
	}
	if got := ask(t, w.client(t, "HTTP/2.0"), "GET", "/version"); got.status != 200 || got.body == "alice by order-status" {
		t.Errorf("without a caller: %q", got.body)
	}
}

// employeeOf returns a function that asks the human resources for the caller of a context.
func employeeOf(t *testing.T, w *world, policy *access.Policy) func(context.Context) (string, error) {
	t.Helper()
	hr, err := interceptor.NewServer(policy, interceptor.Services("human-resource"), interceptor.Transport(w.issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hr.Close() })
	cert, listener := w.ca.Certificate("human-resource"), bufconn.Listen(1<<16)
	srv := grpc.NewServer(append(hr.Options(), grpc.Creds(credentials.NewServerTLSFromCert(&cert)))...)
	hrv1.RegisterHumanResourceServer(srv, humanResource{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(listener)
	}()
	t.Cleanup(func() {
		srv.Stop()
		<-done
	})
	as, err := interceptor.NewClient(policy, "order-status", interceptor.Transport(w.issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { as.Close() })
	conn, err := as.DialOnBehalfOf("passthrough:///human-resource", "human-resource", credentials.NewTLS(&tls.Config{RootCAs: w.ca.Pool()}),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return func(ctx context.Context) (string, error) {
		answer, err := hrv1.NewHumanResourceClient(conn).GetEmployee(ctx, &hrv1.GetEmployeeRequest{})
		return answer.GetEmployee().GetName(), err
	}
}
