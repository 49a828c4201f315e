package httpguard_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/httpguard"
	"github.com/grpcaud/grpcaud/internal/serving"
	"github.com/grpcaud/grpcaud/testutil"
)

const (
	corp = "https://idp.example.com/realms/corp"
	host = "orders.example.com"
)

// company is a policy of a service with operations and a gRPC service.
func company(t testing.TB, changes ...func(*access.Matrix)) *access.Policy {
	t.Helper()
	matrix := access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: corp}},
		Services: map[string]access.Service{"order-status": {
			GRPC: []string{"acme.orders.v1.OrderStatus"},
			HTTP: &access.HTTP{Operations: map[string][]string{
				"GetOrderStatus":   {"GET /v1/orders/{id}"},
				"WatchOrderStatus": {"GET /v1/orders/{id}/events", "POST /v1/orders/{id}/events"},
				"CancelOrder":      {"DELETE /v1/orders/{id}"},
				"Version":          {"GET /version"},
			}},
			Closed: []string{"UpdateOrderStatus", "ListOrders"},
			Allow: []access.Allow{
				{Clients: []string{"customer-portal"}, Methods: []string{"GetOrderStatus", "WatchOrderStatus"}, Scopes: []string{"orders.read"}},
				{Clients: []string{"backoffice-portal"}, Methods: []string{"CancelOrder"}, NoScopes: true},
			},
		}},
		Clients: map[string]access.Client{"customer-portal": {}, "backoffice-portal": {}},
		Public:  []string{"order-status/Version"},
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

// inService changes the service of a matrix.
func inService(change func(*access.Service)) func(*access.Matrix) {
	return func(m *access.Matrix) {
		s := m.Services["order-status"]
		change(&s)
		m.Services["order-status"] = s
	}
}

// good are the claims of a token with which the customer portal may ask for an order.
func good(changes testutil.Claims) testutil.Claims {
	claims := testutil.Claims{"aud": "order-status", "sub": "alice", "client_id": "customer-portal", "scope": "orders.read"}
	maps.Copy(claims, changes)
	return claims
}

// world is a guarded HTTP server in memory, and what it needs.
type world struct {
	issuer  *testutil.Issuer
	admit   *interceptor.Server
	handler http.Handler
	log     *logBuffer
	dial    func(context.Context) (net.Conn, error)
	ca      *testutil.CA
}

// setup is how a world is made. The zero value guards the company's orders over TLS.
type setup struct {
	policy    *access.Policy
	server    []interceptor.ServerOption
	options   []httpguard.Option
	handle    http.HandlerFunc // of every operation
	around    func(http.Handler) http.Handler
	plaintext bool
	addresses string // of both ends of each connection; empty for any
	clientTLS bool   // asks clients for certificates
}

func newWorld(t testing.TB, s setup) *world {
	t.Helper()
	w := &world{issuer: testutil.NewIssuer(corp), log: &logBuffer{}, ca: testutil.NewCA()}
	if s.policy == nil {
		s.policy = company(t)
	}
	if s.handle == nil {
		s.handle = echo
	}
	var err error
	w.admit, err = interceptor.NewServer(s.policy, interceptor.Services("order-status"), append([]interceptor.ServerOption{
		interceptor.Transport(w.issuer.Transport()), interceptor.Logger(slog.New(slog.NewJSONHandler(w.log, nil))),
	}, s.server...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.admit.Close() })
	if w.handler, err = httpguard.New(w.admit, every(s.handle), s.options...); err != nil {
		t.Fatal(err)
	}
	if s.around != nil {
		w.handler = s.around(w.handler)
	}
	w.serve(t, s)
	return w
}

// every gives each operation of the company the same handler.
func every(handle http.HandlerFunc) httpguard.Handlers {
	all := httpguard.Handlers{}
	for _, name := range []string{"GetOrderStatus", "WatchOrderStatus", "CancelOrder", "Version"} {
		all[name] = handle
	}
	return all
}

func (w *world) serve(t testing.TB, s setup) {
	listener := listen(cmp.Or(s.addresses, "192.0.2.7:7"))
	srv := &http.Server{Handler: w.handler, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	serve := func() error { return srv.Serve(listener) }
	if !s.plaintext {
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{w.ca.Certificate(host)}, ClientCAs: w.ca.Pool()}
		if s.clientTLS {
			srv.TLSConfig.ClientAuth = tls.VerifyClientCertIfGiven
		}
		serve = func() error { return srv.ServeTLS(listener, "", "") }
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = serve()
	}()
	t.Cleanup(func() {
		srv.Close()
		<-done
	})
	w.dial = listener.dial
}

// protocols are the versions of HTTP over TLS.
var protocols = []string{"HTTP/1.1", "HTTP/2.0"}

// client returns a client that speaks a version of HTTP.
func (w *world) client(t testing.TB, protocol string, certificates ...tls.Certificate) *http.Client {
	t.Helper()
	transport := &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return w.dial(ctx) },
		TLSClientConfig: &tls.Config{RootCAs: w.ca.Pool(), ServerName: host, Certificates: certificates},
		Protocols:       &http.Protocols{},
	}
	transport.Protocols.SetHTTP1(protocol == "HTTP/1.1")
	transport.Protocols.SetHTTP2(protocol == "HTTP/2.0")
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Hour}
}

// answer is what a client got.
type answer struct {
	status  int
	header  http.Header
	body    string
	err     error // of the body
	problem problem
}

// problem is the body of a refusal.
type problem struct {
	Title, Detail string
	Status        int
	Reason        audience.Reason
	RequestID     string `json:"request_id"`
}

// ask sends a request with these headers, given as names and values in turn.
func ask(t testing.TB, c *http.Client, method, path string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "https://"+host+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return do(t, c, r)
}

func do(t testing.TB, c *http.Client, r *http.Request) answer {
	t.Helper()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	return read(resp)
}

// read reads an answer to its end.
func read(resp *http.Response) answer {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(body), err: err}
	if resp.Header.Get("Content-Type") == "application/problem+json" {
		_ = json.Unmarshal(body, &a.problem)
	}
	return a
}

// echo answers with who calls, and for what.
func echo(w http.ResponseWriter, r *http.Request) {
	caller, _ := audience.FromContext(r.Context())
	_, _ = io.WriteString(w, caller.Client+" "+caller.User+" "+r.PathValue("id"))
}

// logBuffer is a buffer that several goroutines may write to.
type logBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// lines returns the lines of the log.
func (l *logBuffer) lines(t testing.TB) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(l.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		all = append(all, fields)
	}
	return all
}

// leases returns how many requests run.
func leases(admit *interceptor.Server) int { return admit.Core(serving.Internal{}).Leases.Count() }
