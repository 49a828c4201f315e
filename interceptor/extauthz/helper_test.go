package extauthz_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/extauthz"
	"github.com/grpcaud/grpcaud/testutil"
)

const (
	corp     = "https://idp.example.com/realms/corp"
	getOrder = "/acme.orders.v1.OrderStatus/GetOrderStatus"
	getHR    = "/acme.hr.v1.HumanResource/GetEmployee"
	holidays = "/acme.hr.v1.Holidays/List"
)

// company is the matrix of the company, with changes.
func company(changes ...func(*access.Matrix)) access.Matrix {
	m := access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: corp}},
		Services: map[string]access.Service{
			"order-status": {
				GRPC: []string{"acme.orders.v1.OrderStatus"}, Authorities: []string{"orders.example.com", "api.example.com"},
				Allow: []access.Allow{{Clients: []string{"customer-portal"}, Methods: []string{"*"}, Scopes: []string{"orders.read"}}},
				HTTP: &access.HTTP{Operations: map[string][]string{
					"GetOrderStatus": {"GET /v1/orders/{id}"}, "FindOrders": {"GET /v1/orders"}, "Ping": {"GET /v1/ping"},
				}},
			},
			"human-resource": {
				GRPC: []string{"acme.hr.v1.HumanResource"}, Authorities: []string{"hr.example.com", "api.example.com"},
				Allow: []access.Allow{{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, NoScopes: true}},
				HTTP:  &access.HTTP{Operations: map[string][]string{"GetEmployee": {"GET /v1/employees/{id}"}}},
			},
		},
		Clients: map[string]access.Client{"customer-portal": {}, "backoffice-portal": {}},
		Public:  []string{"acme.hr.v1.Holidays", "order-status/Ping"},
	}
	for _, change := range changes {
		change(&m)
	}
	return m
}

// log is a buffer that several goroutines may write to.
type log struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// world is a running authorization service with its issuer.
type world struct {
	issuer *testutil.Issuer
	guard  *interceptor.Server
	authz  authv3.AuthorizationClient
	conn   *grpc.ClientConn
	log    *log
}

// serve starts the authorization service in memory, over real gRPC.
func serve(t testing.TB, matrix access.Matrix, guard []interceptor.ServerOption, opts ...extauthz.Option) *world {
	t.Helper()
	policy, err := access.New(matrix)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{issuer: testutil.NewIssuer(corp), log: &log{}}
	w.guard, err = interceptor.NewServer(policy, interceptor.Services("order-status", "human-resource"), append([]interceptor.ServerOption{
		interceptor.Transport(w.issuer.Transport()), interceptor.SampleRefused(0),
		interceptor.Logger(slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
	}, guard...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.guard.Close() })
	service, err := extauthz.New(w.guard, opts...)
	if err != nil {
		t.Fatal(err)
	}
	w.conn = testutil.Serve(t, nil, func(s *grpc.Server) { service.Register(s) })
	w.authz = authv3.NewAuthorizationClient(w.conn)
	return w
}

// check asks about a request.
func (w *world) check(t testing.TB, request *authv3.CheckRequest) *authv3.CheckResponse {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	answer, err := w.authz.Check(ctx, request)
	if err != nil {
		t.Fatalf("got the error %v, want an answer", err)
	}
	return answer
}

// portal is a token of the customer portal for order-status, with changed claims.
func (w *world) portal(changes testutil.Claims) string {
	claims := testutil.Claims{"aud": "order-status", "sub": "alice", "client_id": "customer-portal", "scope": "orders.read"}
	maps.Copy(claims, changes)
	return "Bearer " + w.issuer.Mint(claims)
}

// call is a gRPC call as Envoy reports it: over TLS, with raw headers.
type call struct {
	path, host, service string
	headers             [][2]string
	change              func(*authv3.AttributeContext)
}

func (c call) request() *authv3.CheckRequest {
	http := &authv3.AttributeContext_HttpRequest{Method: "POST", Path: c.path, Host: c.host, Protocol: "HTTP/2", HeaderMap: &corev3.HeaderMap{}}
	for _, h := range append([][2]string{{":path", c.path}, {":authority", c.host}, {":method", "POST"}, {"content-type", "application/grpc"}}, c.headers...) {
		http.HeaderMap.Headers = append(http.HeaderMap.Headers, &corev3.HeaderValue{Key: h[0], RawValue: []byte(h[1])})
	}
	attributes := &authv3.AttributeContext{
		Source:      &authv3.AttributeContext_Peer{Address: address("203.0.113.7")},
		Destination: &authv3.AttributeContext_Peer{Principal: "envoy.example.com"},
		Request:     &authv3.AttributeContext_Request{Http: http},
		TlsSession:  &authv3.AttributeContext_TLSSession{},
	}
	if c.service != "" {
		attributes.ContextExtensions = map[string]string{"service": c.service}
	}
	if c.change != nil {
		c.change(attributes)
	}
	return &authv3.CheckRequest{Attributes: attributes}
}

// orders is a call of GetOrderStatus with these values of authorization.
func orders(authorization ...string) call {
	c := call{path: getOrder, host: "orders.example.com", service: "order-status"}
	for _, value := range authorization {
		c.headers = append(c.headers, [2]string{"authorization", value})
	}
	return c
}

// get is an HTTP request as Envoy reports it, with these values of authorization.
func get(target string, authorization ...string) call {
	c := orders(authorization...)
	c.path = target
	c.change = func(a *authv3.AttributeContext) {
		a.Request.Http.Method = "GET"
		headers := a.Request.Http.HeaderMap.Headers
		a.Request.Http.HeaderMap.Headers = append(headers[:2:2], headers[4:]...)
	}
	return c
}

// changed changes the check once more.
func (c call) changed(change func(*authv3.AttributeContext)) call {
	before := c.change
	c.change = func(a *authv3.AttributeContext) {
		if before != nil {
			before(a)
		}
		change(a)
	}
	return c
}

// with adds headers, as pairs of name and value.
func (c call) with(headers ...string) call {
	c.headers = append([][2]string(nil), c.headers...)
	for i := 0; i < len(headers); i += 2 {
		c.headers = append(c.headers, [2]string{headers[i], headers[i+1]})
	}
	return c
}

func address(host string) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: host, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: 4711},
	}}}
}

// reason returns the reason in a refusal of a gRPC call; "OK" if the request goes on.
func reason(t testing.TB, answer *authv3.CheckResponse) string {
	t.Helper()
	if ok := answer.GetOkResponse() != nil; ok != (answer.GetStatus().GetCode() == 0) {
		t.Fatalf("the parts of the answer contradict each other: %v", answer)
	}
	if answer.GetOkResponse() != nil {
		return "OK"
	}
	details, err := base64.RawStdEncoding.DecodeString(denied(answer)["grpc-status-details-bin"])
	if err != nil {
		t.Fatal(err)
	}
	var st rpcstatus.Status
	if err := proto.Unmarshal(details, &st); err != nil {
		t.Fatal(err)
	}
	for _, detail := range st.GetDetails() {
		var info errdetails.ErrorInfo
		if detail.UnmarshalTo(&info) == nil {
			return info.GetReason()
		}
	}
	return "refused without a reason"
}

// denied returns the headers of a refusal, and set those that a request gets.
func denied(answer *authv3.CheckResponse) map[string]string {
	return values(answer.GetDeniedResponse().GetHeaders())
}

func set(answer *authv3.CheckResponse) map[string]string {
	return values(answer.GetOkResponse().GetHeaders())
}

func values(headers []*corev3.HeaderValueOption) map[string]string {
	all := map[string]string{}
	for _, h := range headers {
		all[h.GetHeader().GetKey()] = h.GetHeader().GetValue()
	}
	return all
}
