package interceptor_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/lockedbuffer"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

const corp = "https://idp.example.com/realms/corp"

// company is the policy of the company, with changes.
func company(t testing.TB, changes ...func(*access.Matrix)) *access.Policy {
	t.Helper()
	matrix := access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: corp}},
		Services: map[string]access.Service{
			"order-status": {
				GRPC: []string{"acme.orders.v1.OrderStatus"},
				Self: true,
				Allow: []access.Allow{
					{Clients: []string{"customer-portal", "order-status"}, Methods: []string{"GetOrderStatus", "WatchOrderStatus"}, Scopes: []string{"orders.read"}},
					{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, NoScopes: true},
				},
			},
			"human-resource": {
				GRPC:  []string{"acme.hr.v1.HumanResource"},
				Allow: []access.Allow{{Clients: []string{"backoffice-portal", "order-status"}, Methods: []string{"*"}, NoScopes: true}},
			},
		},
		Clients: map[string]access.Client{"customer-portal": {}, "backoffice-portal": {}, "order-status": {}},
		Public:  []string{"acme.hr.v1.Holidays"},
	}
	for _, change := range changes {
		change(&matrix)
	}
	policy, err := access.New(matrix)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func newIssuer() *testutil.Issuer {
	issuer := testutil.NewIssuer(corp)
	issuer.Register(testutil.Client{ID: "customer-portal", Secret: "customer-secret", Audiences: []string{"order-status"}, Scopes: map[string][]string{"order-status": {"orders.read"}}})
	issuer.Register(testutil.Client{ID: "backoffice-portal", Secret: "backoffice-secret", Audiences: []string{"order-status", "human-resource"}})
	issuer.Register(testutil.Client{ID: "order-status", Secret: "orders-secret", Audiences: []string{"human-resource"}, Exchange: true})
	return issuer
}

// world is one guarded server, its issuer, its log, and a connection to it.
type world struct {
	issuer *testutil.Issuer
	server *interceptor.Server
	conn   *grpc.ClientConn
	log    *log
	orders *orders
}

// log is what a server and its clients write.
type log = lockedbuffer.Buffer

func newServer(t *testing.T, issuer *testutil.Issuer, l io.Writer, services ...string) *interceptor.Server {
	t.Helper()
	server, err := interceptor.NewServer(company(t), interceptor.Services(services...),
		interceptor.Transport(issuer.Transport()), interceptor.SampleRefused(0),
		interceptor.Logger(slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

// serverOf returns a server of the orders under policy.
func serverOf(t *testing.T, issuer *testutil.Issuer, policy *access.Policy, opts ...interceptor.ServerOption) *interceptor.Server {
	t.Helper()
	server, err := interceptor.NewServer(policy, interceptor.Services("order-status"), append([]interceptor.ServerOption{
		interceptor.Transport(issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

// public opens a gRPC service to anybody.
func public(m *access.Matrix, grpc string) {
	s := m.Services["order-status"]
	s.GRPC, s.Allow = []string{"acme.orders.v1.Closed"}, []access.Allow{{Clients: []string{"customer-portal"}, Methods: []string{"*"}, NoScopes: true}}
	m.Services["order-status"] = s
	m.Public = append(m.Public, grpc)
}

// optional lets calls for orders come without a token.
func optional(m *access.Matrix) {
	for i := range m.Services["order-status"].Allow {
		m.Services["order-status"].Allow[i].Optional = true
	}
}

func newWorld(t *testing.T, dial ...grpc.DialOption) *world {
	t.Helper()
	w := &world{issuer: newIssuer(), log: &log{}, orders: &orders{}}
	w.server = newServer(t, w.issuer, w.log, "order-status", "human-resource")
	w.conn = testutil.Serve(t, w.server.Options(), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, w.orders)
		hrv1.RegisterHumanResourceServer(s, humanResource{})
		if err := w.server.CheckCoverage(s); err != nil {
			t.Error(err)
		}
	}, dial...)
	return w
}

// orders notes who called and lets a test put its own work into a handler.
type orders struct {
	ordersv1.UnimplementedOrderStatusServer
	inHandler func(context.Context) error
	anyCaller bool       // a call without a caller is fine too
	mu        sync.Mutex // guards callers
	callers   []audience.Caller
}

func (o *orders) called(ctx context.Context) error {
	caller, ok := audience.FromContext(ctx)
	if !ok && !o.anyCaller {
		return status.Error(codes.Internal, "no caller")
	}
	o.mu.Lock()
	o.callers = append(o.callers, caller)
	o.mu.Unlock()
	if o.inHandler != nil {
		return o.inHandler(ctx)
	}
	return nil
}

func (o *orders) GetOrderStatus(ctx context.Context, _ *ordersv1.GetOrderStatusRequest) (*ordersv1.GetOrderStatusResponse, error) {
	return &ordersv1.GetOrderStatusResponse{}, o.called(ctx)
}

func (o *orders) UpdateOrderStatus(ctx context.Context, _ *ordersv1.UpdateOrderStatusRequest) (*ordersv1.UpdateOrderStatusResponse, error) {
	return &ordersv1.UpdateOrderStatusResponse{}, o.called(ctx)
}

func (o *orders) WatchOrderStatus(_ *ordersv1.WatchOrderStatusRequest, stream grpc.ServerStreamingServer[ordersv1.WatchOrderStatusResponse]) error {
	if err := o.called(stream.Context()); err != nil {
		return err
	}
	return stream.Send(&ordersv1.WatchOrderStatusResponse{})
}

// humanResource answers with the name of its caller's client, user and chain.
type humanResource struct {
	hrv1.UnimplementedHumanResourceServer
}

func (humanResource) GetEmployee(ctx context.Context, _ *hrv1.GetEmployeeRequest) (*hrv1.GetEmployeeResponse, error) {
	caller, _ := audience.FromContext(ctx)
	return &hrv1.GetEmployeeResponse{Callers: append([]string{caller.Client, caller.User}, caller.Chain...)}, nil
}

func (humanResource) ReviewEmployees(stream grpc.BidiStreamingServer[hrv1.ReviewEmployeesRequest, hrv1.ReviewEmployeesResponse]) error {
	for {
		review, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&hrv1.ReviewEmployeesResponse{EmployeeId: review.GetEmployeeId()}); err != nil {
			return err
		}
	}
}

// callTimeout bounds calls: where time is fake, one that should have ended and goes on
// fails, and does not hang.
const callTimeout = 30 * time.Hour

// shapes are the two ways of calling: whatever holds for one must hold for the
// other.
var shapes = map[string]func(context.Context, *grpc.ClientConn, ...grpc.CallOption) error{
	"unary": func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) error {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		_, err := ordersv1.NewOrderStatusClient(conn).GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{}, opts...)
		return err
	},
	"stream": func(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) error {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		stream, err := ordersv1.NewOrderStatusClient(conn).WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{}, opts...)
		if err != nil {
			return err
		}
		if _, err := stream.Recv(); err != nil {
			return err
		}
		if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
			return err
		}
		return nil
	},
}

// bearing returns a context for a call that carries these authorization values.
func bearing(ctx context.Context, values ...string) context.Context {
	for _, value := range values {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", value)
	}
	return ctx
}

// unaryOf and streamOf return one of the interceptors of a server.
func unaryOf(s *interceptor.Server) grpc.UnaryServerInterceptor {
	unary, _ := s.Interceptors()
	return unary
}

func streamOf(s *interceptor.Server) grpc.StreamServerInterceptor {
	_, stream := s.Interceptors()
	return stream
}

// verdict is what a peer can see of a decision.
type verdict struct {
	Code   codes.Code
	Reason audience.Reason
}

func verdictOf(err error) verdict {
	st := status.Convert(err)
	v := verdict{Code: st.Code()}
	if refusal, ok := errors.AsType[*interceptor.RefusedError](err); ok {
		v.Reason = refusal.Reason
	}
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == interceptor.Domain {
			v.Reason = audience.Reason(info.GetReason())
		}
	}
	return v
}

// secretless fails the test if a text holds one of the secrets, or a large part
// of it.
func secretless(t *testing.T, what, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		for _, part := range strings.Split(secret, ".") {
			if len(part) > 20 && strings.Contains(text, part[:20]) {
				t.Errorf("%s holds a secret: %s", what, text)
			}
		}
	}
}
