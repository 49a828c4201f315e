package interceptor_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// listenTLS serves the company on a loopback port, behind one guard. It returns the
// address and the credentials that reach it.
func listenTLS(t *testing.T, issuer *testutil.Issuer, o *orders) (string, credentials.TransportCredentials) {
	t.Helper()
	guard, err := interceptor.NewServer(company(t), interceptor.Services("order-status", "human-resource"),
		interceptor.Transport(issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { guard.Close() })
	ca := testutil.NewCA()
	cert := ca.Certificate("127.0.0.1")
	server := grpc.NewServer(append(guard.Options(), grpc.WaitForHandlers(true), grpc.Creds(credentials.NewServerTLSFromCert(&cert)))...)
	ordersv1.RegisterOrderStatusServer(server, o)
	hrv1.RegisterHumanResourceServer(server, humanResource{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return listener.Addr().String(), credentials.NewTLS(&tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12})
}

// closing closes a connection with the test.
func closing(t *testing.T, conn *grpc.ClientConn, err error) *grpc.ClientConn {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// TestDialCallsTheService shows that a dialled connection carries tokens for its
// service, on unary calls and on streams, and keeps the options that it was given.
func TestDialCallsTheService(t *testing.T) {
	issuer, served := newIssuer(), &orders{}
	var agent []string
	served.inHandler = func(ctx context.Context) error {
		agent = metadata.ValueFromIncomingContext(ctx, "user-agent")
		return nil
	}
	address, tlsCreds := listenTLS(t, issuer, served)
	client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal")
	conn, err := client.Dial(address, "order-status", tlsCreds,
		grpc.WithUserAgent("portal/1"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	conn = closing(t, conn, err)
	if n := issuer.Requests(testutil.Token); n != 0 {
		t.Errorf("%d token requests before the first call, want 0", n)
	}
	for shape, call := range shapes {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := call(ctx, conn); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
	}
	if len(agent) != 1 || !strings.HasPrefix(agent[0], "portal/1 ") {
		t.Errorf("user agent %q, want that of the option", agent)
	}
}

// TestDialOnBehalfOfAndForward shows whose token reaches the next service on a
// connection of each kind.
func TestDialOnBehalfOfAndForward(t *testing.T) {
	issuer := newIssuer()
	address, tlsCreds := listenTLS(t, issuer, &orders{})
	client := newClient(t, issuer, company(t, withSecrets(t)), "order-status")
	conn, err := client.DialOnBehalfOf(address, "human-resource", tlsCreds)
	exchanging := closing(t, conn, err)
	conn, err = client.DialForward(address, "human-resource", tlsCreds)
	forwarding := closing(t, conn, err)
	h := newHop(t, issuer, nil)
	var exchanged, forwarded []string
	h.orders.inHandler = func(ctx context.Context) (err error) {
		if exchanged, err = employee(ctx, exchanging); err != nil {
			return err
		}
		forwarded, err = employee(ctx, forwarding)
		return err
	}
	token := issuer.Mint(good(testutil.Claims{"sub": "alice", "client_id": "backoffice-portal", "aud": []string{"order-status", "human-resource"}}))
	ctx, cancel := context.WithTimeout(bearing(t.Context(), "Bearer "+token), 10*time.Second)
	defer cancel()
	for shape, call := range shapes {
		exchanged, forwarded = nil, nil
		if err := call(ctx, h.conn); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
		if want := []string{"order-status", "alice", "order-status", "backoffice-portal"}; !slices.Equal(exchanged, want) {
			t.Errorf("%s: exchanged: callers %q, want %q", shape, exchanged, want)
		}
		if want := []string{"backoffice-portal", "alice"}; !slices.Equal(forwarded, want) {
			t.Errorf("%s: forwarded: callers %q, want %q", shape, forwarded, want)
		}
	}
}

// TestDialRefuses shows that Dial reports each mistake that would fail every call,
// with what to change, before anything is dialled or any token is requested.
func TestDialRefuses(t *testing.T) {
	issuer := newIssuer()
	policy := company(t, withSecrets(t), func(m *access.Matrix) {
		m.External = map[string]access.External{"weather": {Clients: []string{"backoffice-portal"}}, "parcels": {Clients: []string{"customer-portal"}}}
	})
	l := &log{}
	client := newClient(t, issuer, policy, "customer-portal", interceptor.Logger(slog.New(slog.NewTextHandler(l, nil))))
	closed := newClient(t, issuer, policy, "customer-portal")
	closed.Close()
	const target = "orders.example.com:443"
	tlsCreds := credentials.NewTLS(nil)
	for name, row := range map[string]struct {
		client          *interceptor.Client
		target, service string
		creds           credentials.TransportCredentials
		want            []string
	}{
		"a misspelt service":       {client, target, "order-statu", tlsCreds, []string{`no service "order-statu" in the policy, did you mean "order-status"?`, "customer-portal may call order-status, parcels"}},
		"an empty service":         {client, target, "", tlsCreds, []string{`no service ""`, "customer-portal may call order-status, parcels"}},
		"a service not allowed":    {client, target, "human-resource", tlsCreds, []string{`does not let "customer-portal" call "human-resource"`, "name customer-portal in an entry of services.human-resource.allow"}},
		"an API not allowed":       {client, target, "weather", tlsCreds, []string{`does not let "customer-portal" call "weather"`, "add customer-portal to external.weather.clients"}},
		"no transport credentials": {client, target, "order-status", nil, []string{"no transport credentials; pass credentials.NewTLS(nil)", "interceptor.AllowPlaintext(interceptor.Loopback)"}},
		"plaintext":                {client, target, "order-status", insecure.NewCredentials(), []string{"not TLS", "interceptor.AllowPlaintext(interceptor.Loopback)"}},
		"an empty target":          {client, "", "order-status", tlsCreds, []string{"empty target; pass the service's address"}},
		"a target that is no URL":  {client, "orders%zz", "order-status", tlsCreds, []string{`dial "order-status"`}},
		"a closed client":          {closed, target, "order-status", tlsCreds, []string{"closed"}},
	} {
		for kind, dial := range map[string]func(string, string, credentials.TransportCredentials, ...grpc.DialOption) (*grpc.ClientConn, error){
			"Dial": row.client.Dial, "DialOnBehalfOf": row.client.DialOnBehalfOf, "DialForward": row.client.DialForward,
		} {
			conn, err := dial(row.target, row.service, row.creds)
			if conn != nil || err == nil {
				t.Errorf("%s, %s: got a connection and error %v, want an error alone", name, kind, err)
				continue
			}
			if slices.ContainsFunc(row.want, func(want string) bool { return !strings.Contains(err.Error(), want) }) {
				t.Errorf("%s, %s: %v, want %q", name, kind, err, row.want)
			}
		}
	}
	if n := issuer.Requests(testutil.Token); n != 0 {
		t.Errorf("%d token requests, want 0", n)
	}
	if l.String() != "" {
		t.Errorf("logged as well as returned: %s", l.String())
	}
}

// TestDialOverMesh shows that Dial takes plaintext where the client's options name the
// mesh that encrypts it, and nowhere else.
func TestDialOverMesh(t *testing.T) {
	issuer := newIssuer()
	policy := company(t, withSecrets(t))
	for name, row := range map[string]struct {
		over interceptor.Plaintext
		want string // empty for none
	}{
		"mesh":     {interceptor.Mesh("istio"), ""},
		"loopback": {interceptor.Loopback, "use google.golang.org/grpc/credentials/local instead of insecure"},
	} {
		client := newClient(t, issuer, policy, "customer-portal", interceptor.AllowPlaintext(row.over))
		conn, err := client.Dial("orders.example.com:443", "order-status", insecure.NewCredentials())
		if conn != nil {
			conn.Close()
		}
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
}

// TestDialWithinTheMachine shows what one writes for a server without TLS on the same
// machine, and what the errors say to those who do not: the option on each side.
func TestDialWithinTheMachine(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	const option = "interceptor.AllowPlaintext(interceptor.Loopback)"
	issuer := newIssuer()
	policy := company(t, withSecrets(t), func(m *access.Matrix) { m.Public = []string{"grpc.health.v1.Health"} })
	plain := newClient(t, issuer, policy, "customer-portal", interceptor.AllowPlaintext(interceptor.Loopback))
	strict := newClient(t, issuer, policy, "customer-portal")
	open, _ := listenPlain(t, issuer, interceptor.AllowPlaintext(interceptor.Loopback))
	closed, lines := listenPlain(t, issuer)
	dial := func(client *interceptor.Client, target string) *grpc.ClientConn {
		conn, err := client.Dial(target, "order-status", nil)
		return closing(t, conn, err)
	}
	if errs := callBoth(ctx, dial(plain, open)); errs[0] != nil || errs[1] != nil {
		t.Errorf("with the option on both sides: %v", errs)
	}
	if errs := callBoth(ctx, dial(plain, closed)); status.Code(errs[0]) != codes.Unauthenticated || status.Code(errs[1]) != codes.Unauthenticated || !strings.Contains(lines.String(), option) {
		t.Errorf("without it on the server: %v, and the log says %s", errs, lines)
	}
	before := issuer.Requests(testutil.Token)
	// Both the service and a method that needs no token are refused.
	conn, err := grpc.NewClient(open, append(strict.DialOptions("order-status"), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	conn = closing(t, conn, err)
	_, health := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{})
	for _, err := range append(callBoth(ctx, conn), health) {
		if status.Code(err) != codes.Unauthenticated || !strings.Contains(err.Error(), option) {
			t.Errorf("without it on the client: %v, want the option named", err)
		}
	}
	if got := issuer.Requests(testutil.Token); got != before {
		t.Errorf("%d tokens were requested for calls that cannot carry one", got-before)
	}
}

// callBoth makes a unary call and a stream.
func callBoth(ctx context.Context, conn *grpc.ClientConn) []error {
	api := ordersv1.NewOrderStatusClient(conn)
	_, unaryErr := api.GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{})
	stream, err := api.WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{})
	if err == nil {
		if _, err = stream.Recv(); errors.Is(err, io.EOF) {
			err = nil
		}
	}
	return []error{unaryErr, err}
}

// listenPlain serves order-status without TLS on a loopback port. It returns the address and
// the server's log.
func listenPlain(t *testing.T, issuer *testutil.Issuer, opts ...interceptor.ServerOption) (string, *log) {
	t.Helper()
	l := &log{}
	guard, err := interceptor.NewServer(company(t), interceptor.Services("order-status"),
		append(opts, interceptor.Transport(issuer.Transport()), interceptor.Logger(slog.New(slog.NewTextHandler(l, nil))))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { guard.Close() })
	server := grpc.NewServer(append(guard.Options(), grpc.WaitForHandlers(true))...)
	ordersv1.RegisterOrderStatusServer(server, &orders{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return listener.Addr().String(), l
}

// TestSwapKeepsDialledServices shows that a policy which no longer lets the client
// call a service that it has dialled is not put in force.
func TestSwapKeepsDialledServices(t *testing.T) {
	issuer := newIssuer()
	client := newClient(t, issuer, company(t, withSecrets(t)), "backoffice-portal")
	narrower := company(t, withSecrets(t), func(m *access.Matrix) {
		s := m.Services["human-resource"]
		s.Allow[0].Clients = []string{"order-status"}
		m.Services["human-resource"] = s
	})
	if _, err := client.Dial("127.0.0.1:1", "no-such-service", credentials.NewTLS(nil)); err == nil {
		t.Error("Dial = nil for an unknown service")
	}
	conn, err := client.Dial("127.0.0.1:1", "human-resource", credentials.NewTLS(nil))
	closing(t, conn, err)
	if err := client.Swap(narrower); err == nil || !strings.Contains(err.Error(), `does not let "backoffice-portal" call "human-resource"`) {
		t.Errorf("Swap = %v, want the dialled service named", err)
	}
	if err := client.Swap(company(t, withSecrets(t))); err != nil {
		t.Errorf("Swap = %v after a failed Dial, want nil", err)
	}
}
