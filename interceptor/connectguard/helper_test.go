package connectguard_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/connectguard"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

const (
	issuerURL   = "https://idp.example.com"
	getOrder    = "/acme.orders.v1.OrderStatus/GetOrderStatus"
	watchOrder  = "/acme.orders.v1.OrderStatus/WatchOrderStatus"
	updateOrder = "/acme.orders.v1.OrderStatus/UpdateOrderStatus"
	listOrders  = "/acme.orders.v1.OrderStatus/ListOrders"

	matrix = `
version: 1
issuers:
  corp: {url: ` + issuerURL + `}
services:
  order-status:
    issuer: corp
    grpc: [acme.orders.v1.OrderStatus]
    allow:
      - {clients: [customer-portal], methods: [GetOrderStatus, WatchOrderStatus, ListOrders], scopes: [orders.read]}
      - {clients: [backoffice-portal], methods: ["*"], scopes: none}
clients:
  customer-portal: {secret: {env: CONNECTGUARD_SECRET}}
  backoffice-portal: {secret: {env: CONNECTGUARD_SECRET}}
`
)

// orders has the handlers of the order-status API.
type orders struct {
	get   func(context.Context, *connect.Request[ordersv1.GetOrderStatusRequest]) (*connect.Response[ordersv1.GetOrderStatusResponse], error)
	watch func(context.Context, *connect.Request[ordersv1.WatchOrderStatusRequest], *connect.ServerStream[ordersv1.WatchOrderStatusResponse]) error

	mu     sync.Mutex
	caller audience.Caller
	header http.Header
}

func (o *orders) keep(ctx context.Context, header http.Header) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.caller, _ = audience.FromContext(ctx)
	o.header = header.Clone()
}

func (o *orders) getOrder(ctx context.Context, r *connect.Request[ordersv1.GetOrderStatusRequest]) (*connect.Response[ordersv1.GetOrderStatusResponse], error) {
	o.keep(ctx, r.Header())
	if o.get != nil {
		return o.get(ctx, r)
	}
	return connect.NewResponse(&ordersv1.GetOrderStatusResponse{Order: &ordersv1.Order{Id: r.Msg.GetOrderId()}}), nil
}

// watchOrder sends one order, and then waits for the end of the call.
func (o *orders) watchOrder(ctx context.Context, r *connect.Request[ordersv1.WatchOrderStatusRequest], s *connect.ServerStream[ordersv1.WatchOrderStatusResponse]) error {
	o.keep(ctx, r.Header())
	if err := s.Send(&ordersv1.WatchOrderStatusResponse{Order: &ordersv1.Order{Id: r.Msg.GetOrderId()}}); err != nil {
		return err
	}
	if o.watch != nil {
		return o.watch(ctx, r, s)
	}
	<-ctx.Done()
	return ctx.Err()
}

// echo answers each message until there are no more.
func echo(_ context.Context, s *connect.BidiStream[ordersv1.UpdateOrderStatusRequest, ordersv1.UpdateOrderStatusResponse]) error {
	for {
		r, err := s.Receive()
		if err != nil {
			return err
		}
		if err := s.Send(&ordersv1.UpdateOrderStatusResponse{Order: &ordersv1.Order{Id: r.GetOrderId()}}); err != nil {
			return err
		}
	}
}

func (o *orders) handler(opts ...connect.HandlerOption) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(getOrder, connect.NewUnaryHandler(getOrder, o.getOrder, append(opts, connect.WithIdempotency(connect.IdempotencyNoSideEffects))...))
	mux.Handle(watchOrder, connect.NewServerStreamHandler(watchOrder, o.watchOrder, opts...))
	mux.Handle(updateOrder, connect.NewBidiStreamHandler(updateOrder, echo, opts...)) // another shape than in the .proto file
	mux.HandleFunc("/internal/secrets", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("a secret")) })
	return mux
}

// company is a guarded server of orders, and its issuer.
type company struct {
	policy  *access.Policy
	issuer  *testutil.Issuer
	revoked *revocation.List
	admit   *interceptor.Server
	orders  *orders
	server  *httptest.Server
}

func newCompany(t testing.TB, o *orders) *company {
	t.Helper()
	policy, err := policyfile.Parse("access.yaml", []byte(matrix))
	if err != nil {
		t.Fatal(err)
	}
	c := &company{policy: policy, issuer: testutil.NewIssuer(issuerURL), revoked: revocation.NewList(8), orders: o}
	for _, id := range []string{"customer-portal", "backoffice-portal"} {
		c.issuer.Register(testutil.Client{ID: id, Secret: "secret", Audiences: []string{"order-status"}, Scopes: map[string][]string{"order-status": {"orders.read"}}})
	}
	c.admit, err = interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Transport(c.issuer.Transport()),
		interceptor.Revocations(c.revoked), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.admit.Close() })
	handler, err := connectguard.New(c.admit, o.handler(connectguard.HideDownstreamRefusals(c.admit)))
	if err != nil {
		t.Fatal(err)
	}
	c.server = httptest.NewUnstartedServer(handler)
	c.server.EnableHTTP2 = true
	c.server.StartTLS()
	t.Cleanup(c.server.Close)
	return c
}

// http is the HTTP client of the Connect clients.
func (c *company) http() *http.Client { return connectguard.HTTPClient(c.server.Client()) }

// mint returns a token of the customer portal, with these claims instead of its own.
func (c *company) mint(claims testutil.Claims) string {
	all := testutil.Claims{"aud": "order-status", "client_id": "customer-portal", "sub": "ada", "sid": "s1", "scope": "orders.read"}
	for name, value := range claims {
		all[name] = value
	}
	return c.issuer.Mint(all)
}

// protocols are the ways of calling a Connect handler.
var protocols = map[string][]connect.ClientOption{
	"Connect":      nil,
	"Connect JSON": {connect.WithProtoJSON()},
	"Connect GET":  {connect.WithHTTPGet()},
	"gRPC":         {connect.WithGRPC()},
	"gRPC-Web":     {connect.WithGRPCWeb()},
}

// calls makes a unary call, and opens a stream and reads until it ends.
var calls = map[string]func(context.Context, *company, http.Header, []connect.ClientOption) error{
	"unary": func(ctx context.Context, c *company, header http.Header, opts []connect.ClientOption) error {
		client := connect.NewClient[ordersv1.GetOrderStatusRequest, ordersv1.GetOrderStatusResponse](c.http(), c.server.URL+getOrder, append(opts, connect.WithIdempotency(connect.IdempotencyNoSideEffects))...)
		r := connect.NewRequest(&ordersv1.GetOrderStatusRequest{OrderId: "o-1"})
		addHeader(r.Header(), header)
		_, err := client.CallUnary(ctx, r)
		return err
	},
	"stream": func(ctx context.Context, c *company, header http.Header, opts []connect.ClientOption) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := openStream(ctx, c, header, opts)
		if err != nil {
			return err
		}
		defer stream.Close()
		if !stream.Receive() {
			return stream.Err()
		}
		return nil
	},
}

func openStream(ctx context.Context, c *company, header http.Header, opts []connect.ClientOption) (*connect.ServerStreamForClient[ordersv1.WatchOrderStatusResponse], error) {
	client := connect.NewClient[ordersv1.WatchOrderStatusRequest, ordersv1.WatchOrderStatusResponse](c.http(), c.server.URL+watchOrder, opts...)
	r := connect.NewRequest(&ordersv1.WatchOrderStatusRequest{OrderId: "o-1"})
	addHeader(r.Header(), header)
	return client.CallServerStream(ctx, r)
}

func addHeader(to, from http.Header) {
	for name, values := range from {
		to[name] = append(to[name], values...)
	}
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// reasonOf returns the reason in an error; empty if there is none.
func reasonOf(err error) audience.Reason {
	refusal, is := errors.AsType[*connect.Error](err)
	if !is {
		return ""
	}
	for _, d := range refusal.Details() {
		if value, err := d.Value(); err == nil {
			if info, ok := value.(*errdetails.ErrorInfo); ok && info.GetDomain() == interceptor.Domain {
				return audience.Reason(info.GetReason())
			}
		}
	}
	return ""
}

func deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func contains(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an error with %q", err, want)
	}
}
