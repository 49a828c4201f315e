package interceptor_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/test/bufconn"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestCallsOfGRPCItselfAreChecked shows that the credentials of a connection check
// each call themselves: calls that gRPC makes, such as health checks, pass no
// interceptor.
func TestCallsOfGRPCItselfAreChecked(t *testing.T) {
	issuer := newIssuer()
	client := newClient(t, issuer, company(t, withSecrets(t), func(m *access.Matrix) { m.Public = append(m.Public, "grpc.health.v1.Health") }), "customer-portal")
	conn, err := grpc.NewClient("passthrough:///service.test", grpc.WithTransportCredentials(credentials.NewTLS(nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	within, creds := interceptor.CredentialsWithin(t.Context(), conn, client, "order-status")
	const orders, health = "/acme.orders.v1.OrderStatus", "/grpc.health.v1.Health"
	for _, row := range []struct {
		name, method string
		ctx          context.Context
		uri          []string
		want         string // part of the error
	}{
		{"no interceptor", orders + "/GetOrderStatus", t.Context(), []string{"https://service.test" + orders}, "has not passed the interceptors"},
		{"no uri", orders + "/GetOrderStatus", within, nil, "has not passed the interceptors"},
		{"another service", "/acme.hr.v1.HumanResource/GetEmployee", within, []string{"https://service.test/acme.hr.v1.HumanResource"}, "belongs to none of the services"},
		{"another authority", orders + "/GetOrderStatus", within, []string{"https://elsewhere.test" + orders}, `authority "elsewhere.test"`},
		{"good", orders + "/GetOrderStatus", within, []string{"https://service.test" + orders}, ""},
		{"another authority after a listed one", orders + "/GetOrderStatus", within, []string{"https://elsewhere.test" + orders}, `authority "elsewhere.test"`},
		{"open to anybody", health + "/Watch", t.Context(), []string{"https://service.test" + health}, ""},
	} {
		md, err := creds.GetRequestMetadata(credentials.NewContextWithRequestInfo(row.ctx, credentials.RequestInfo{
			Method: row.method, AuthInfo: secured{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}},
		}), row.uri...)
		if row.want == "" && err != nil || row.want != "" && (verdictOf(err) != refusedHere || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
		if want := row.name == "good"; (md["authorization"] != "") != want {
			t.Errorf("%s: a token is presented: %v, want %v", row.name, !want, want)
		}
	}
	if n := issuer.Requests(testutil.Token); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}

// TestConnectionsAreCheckedSeparately shows that what was accepted on one connection
// is not accepted on another that was made with the same options.
func TestConnectionsAreCheckedSeparately(t *testing.T) {
	issuer, served := newIssuer(), &orders{}
	client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal")
	options := client.DialOptions("order-status")
	conn := connect(t, issuer, served, options...)
	ca := testutil.NewCA()
	cert := ca.Certificate("service.test")
	server := grpc.NewServer(grpc.Creds(credentials.NewServerTLSFromCert(&cert)))
	listener := bufconn.Listen(1 << 16)
	go server.Serve(listener)
	defer server.Stop()
	other, err := grpc.NewClient("passthrough:///elsewhere.test", append(options, grpc.WithAuthority("service.test"), grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(ca.Pool(), "")),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for shape, call := range shapes {
		if err := call(t.Context(), conn); err != nil {
			t.Fatalf("%s: %v", shape, err)
		}
		if err := call(t.Context(), other); err == nil || !strings.Contains(err.Error(), `of a connection to "elsewhere.test"`) {
			t.Errorf("%s over another connection: %v", shape, err)
		}
	}
}

// TestNothingIsDialledForAMethodWithoutARoute shows that no connection is opened for
// a call that would not be sent.
func TestNothingIsDialledForAMethodWithoutARoute(t *testing.T) {
	client := newClient(t, newIssuer(), company(t, withSecrets(t)), "customer-portal")
	conn, err := grpc.NewClient("passthrough:///service.test", append(client.DialOptions("order-status"), grpc.WithTransportCredentials(credentials.NewTLS(nil)),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			t.Error("the server was dialled")
			return nil, net.ErrClosed
		}))...)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := employee(t.Context(), conn); verdictOf(err) != refusedHere {
		t.Errorf("unary: %v", err)
	}
	if _, err := hrv1.NewHumanResourceClient(conn).ReviewEmployees(t.Context()); verdictOf(err) != refusedHere {
		t.Errorf("stream: %v", err)
	}
}
