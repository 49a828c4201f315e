package interceptor_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// holding sends to asked when the first request arrives, and responds to it after a value
// from may. Later requests are the issuer's own.
func holding(asked, may chan struct{}, issuer *testutil.Issuer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-may
		issuer.Fault(testutil.Discovery, nil)
		issuer.ServeHTTP(w, r)
	})
}

func authoritiesOf(list ...string) func(*access.Matrix) {
	return func(m *access.Matrix) {
		s := m.Services["order-status"]
		s.Authorities = list
		m.Services["order-status"] = s
	}
}

// TestTokenGoesToTheAuthoritiesOfItsServiceOnly shows that a token is sent to the
// authorities of its service only, whatever redirects the call. The server has a
// certificate for three names.
func TestTokenGoesToTheAuthoritiesOfItsServiceOnly(t *testing.T) {
	ca := testutil.NewCA()
	cert := ca.Certificate("service.test", "elsewhere.test", "listed.test")
	verified := func(name string) grpc.DialOption {
		return grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: ca.Pool(), ServerName: name}))
	}
	for name, row := range map[string]struct {
		listed []string
		dial   []grpc.DialOption
		call   []grpc.CallOption
		want   string // empty if the token is sent
	}{
		"the host that is dialled":       {},
		"listed":                         {listed: []string{"SERVICE.test"}},
		"listed with its port":           {listed: []string{"other.test", "service.test:443"}},
		"another authority, listed":      {listed: []string{"elsewhere.test:8443"}, dial: []grpc.DialOption{grpc.WithAuthority("elsewhere.test:8443")}},
		"listed without a port":          {listed: []string{"elsewhere.test"}, dial: []grpc.DialOption{grpc.WithAuthority("elsewhere.test:8443")}},
		"another name in TLS, listed":    {listed: []string{"elsewhere.test"}, dial: []grpc.DialOption{verified("elsewhere.test")}},
		"another for the call, listed":   {listed: []string{"elsewhere.test"}, call: []grpc.CallOption{grpc.CallAuthority("elsewhere.test")}},
		"another port than listed":       {listed: []string{"service.test:8443"}, want: `authority "service.test", but tokens for this service may be sent to ["service.test:8443"] only`},
		"not listed":                     {listed: []string{"orders.test"}, want: "may be sent to"},
		"another authority":              {dial: []grpc.DialOption{grpc.WithAuthority("elsewhere.test")}, want: `authority "elsewhere.test" of a connection to "service.test"`},
		"another authority for the call": {call: []grpc.CallOption{grpc.CallAuthority("elsewhere.test")}, want: "elsewhere.test"},
		"another name in TLS":            {dial: []grpc.DialOption{verified("elsewhere.test")}, want: "elsewhere.test"},
		"not verified": {
			listed: []string{"elsewhere.test"}, want: "no certificate proves it",
			dial: []grpc.DialOption{grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{ServerName: "elsewhere.test", InsecureSkipVerify: true}))},
		},
		"not verified, as it is dialled": {
			dial: []grpc.DialOption{grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{InsecureSkipVerify: true}))},
		},
	} {
		issuer, served := newIssuer(), &orders{}
		client := newClient(t, issuer, company(t, withSecrets(t), authoritiesOf(row.listed...)), "customer-portal")
		server := serverOf(t, issuer, company(t))
		conn := testutil.Serve(t, append(server.Options(), grpc.Creds(credentials.NewServerTLSFromCert(&cert))), func(s *grpc.Server) {
			ordersv1.RegisterOrderStatusServer(s, served)
		}, append(append(client.DialOptions("order-status"), verified("")), row.dial...)...)
		for shape, call := range shapes {
			err := call(t.Context(), conn, row.call...)
			if row.want == "" {
				if err != nil {
					t.Errorf("%s, %s: %v", name, shape, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s, %s: %v, want %s", name, shape, err, row.want)
			}
		}
		if n := issuer.Requests(testutil.Token); (n != 0) != (row.want == "") {
			t.Errorf("%s: %d token requests", name, n)
		}
	}
}

// TestResolverCannotRedirectATokenElsewhere shows that a token is not sent to
// another server that a resolver names, although it has a certificate for that name.
func TestResolverCannotRedirectATokenElsewhere(t *testing.T) {
	issuer := newIssuer()
	client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal")
	ca := testutil.NewCA()
	cert := ca.Certificate("elsewhere.test")
	server := grpc.NewServer(grpc.Creds(credentials.NewServerTLSFromCert(&cert)))
	listener := bufconn.Listen(1 << 16)
	go server.Serve(listener)
	defer server.Stop()
	redirecting := manual.NewBuilderWithScheme("redirecting")
	redirecting.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: "x", ServerName: "elsewhere.test"}}})
	conn, err := grpc.NewClient("redirecting:///service.test", append(client.DialOptions("order-status"), grpc.WithResolvers(redirecting),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: ca.Pool()})))...)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for shape, call := range shapes {
		if err := call(t.Context(), conn); err == nil || !strings.Contains(err.Error(), `authority "elsewhere.test" of a connection to "service.test"`) {
			t.Errorf("%s: %v", shape, err)
		}
	}
	if n := issuer.Requests(testutil.Token); n != 0 {
		t.Errorf("%d token requests", n)
	}
}

// TestPlaintextNeedsANamedMesh shows that no call is made over plaintext, except to
// a mesh that the options name.
func TestPlaintextNeedsANamedMesh(t *testing.T) {
	issuer := newIssuer()
	policy := company(t, withSecrets(t))
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	client := newClient(t, issuer, policy, "customer-portal")
	arrived := 0
	refused := testutil.Serve(t, []grpc.ServerOption{grpc.Creds(insecure.NewCredentials())}, func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, &orders{inHandler: func(context.Context) error { arrived++; return nil }})
	}, append(client.DialOptions("order-status"), plain)...)
	for shape, call := range shapes {
		if err := call(t.Context(), refused); status.Code(err) != codes.Unauthenticated || !strings.Contains(err.Error(), "the connection is not TLS") {
			t.Errorf("%s over plaintext: %v", shape, err)
		}
	}
	if n := issuer.Requests(testutil.Token); n != 0 || arrived != 0 {
		t.Errorf("%d token requests, %d calls arrived; want none", n, arrived)
	}
	meshed := interceptor.AllowPlaintext(interceptor.Mesh("istio"))
	server, err := interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Transport(issuer.Transport()), meshed)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	client = newClient(t, issuer, policy, "customer-portal", meshed)
	conn := testutil.Serve(t, append(server.Options(), grpc.Creds(insecure.NewCredentials())), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, &orders{})
	}, append(client.DialOptions("order-status"), plain)...)
	for shape, call := range shapes {
		if err := call(t.Context(), conn); err != nil {
			t.Errorf("%s over a mesh: %v", shape, err)
		}
	}
}
