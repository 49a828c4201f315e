package interceptor_test

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/credentials/local"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// collector is a plaintext server that counts the tokens that it receives.
type collector struct {
	calls  atomic.Int32
	mu     sync.Mutex // guards tokens
	tokens int
}

func (c *collector) take(_ any, stream grpc.ServerStream) error {
	c.calls.Add(1)
	md, _ := metadata.FromIncomingContext(stream.Context())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens += len(md.Get("authorization"))
	return status.Error(codes.Unimplemented, "nothing here")
}

// got returns how many tokens arrived since the last call of got.
func (c *collector) got() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.tokens
	c.tokens = 0
	return n
}

// collect starts a collector and returns its address.
func collect(t *testing.T, network, address string) (*collector, string) {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{}
	server := grpc.NewServer(grpc.WaitForHandlers(true), grpc.UnknownServiceHandler(c.take))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return c, listener.Addr().String()
}

// named is a resolver of this scheme that returns an address, and a name for it unless
// that is empty.
func named(scheme, address, name string) grpc.DialOption {
	r := manual.NewBuilderWithScheme(scheme)
	r.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: address, ServerName: name}}})
	return grpc.WithResolvers(r)
}

// plainRow is a connection without TLS, and whether it may carry tokens.
type plainRow struct {
	target string
	listed []string
	dial   []grpc.DialOption
	call   []grpc.CallOption
	want   string // empty if the token is sent
}

const unproved = "no certificate proves it"

// rowsAt returns connections to a collector at an address, host and port.
func rowsAt(address string) map[string]plainRow {
	host, port, _ := net.SplitHostPort(address)
	return map[string]plainRow{
		"as dialled":                                {target: address},
		"by dns":                                    {target: "dns:///" + address},
		"passed through":                            {target: "passthrough:///" + address},
		"listed":                                    {target: address, listed: []string{"orders.example.com", host}},
		"listed with its port":                      {target: address, listed: []string{address}},
		"listed with another port":                  {target: address, listed: []string{host + ":1"}, want: "may be sent to"},
		"others listed":                             {target: address, listed: []string{"orders.example.com"}, want: "may be sent to"},
		"another authority":                         {target: address, dial: []grpc.DialOption{grpc.WithAuthority("orders.example.com")}, want: unproved},
		"another authority, listed":                 {target: address, listed: []string{"orders.example.com"}, dial: []grpc.DialOption{grpc.WithAuthority("orders.example.com")}, want: unproved},
		"another authority, both listed":            {target: address, listed: []string{"orders.example.com", host}, dial: []grpc.DialOption{grpc.WithAuthority("orders.example.com")}, want: unproved},
		"another authority for the call":            {target: address, call: []grpc.CallOption{grpc.CallAuthority("orders.example.com")}, want: unproved},
		"another authority for the call, listed":    {target: address, listed: []string{"orders.example.com"}, call: []grpc.CallOption{grpc.CallAuthority("orders.example.com")}, want: unproved},
		"another port":                              {target: address, dial: []grpc.DialOption{grpc.WithAuthority(host + ":1")}, want: unproved},
		"another port, listed":                      {target: address, listed: []string{host + ":1"}, dial: []grpc.DialOption{grpc.WithAuthority(host + ":1")}, want: unproved},
		"no port":                                   {target: address, listed: []string{host}, dial: []grpc.DialOption{grpc.WithAuthority(host)}, want: unproved},
		"another name of the machine":               {target: address, dial: []grpc.DialOption{grpc.WithAuthority("localhost:" + port)}, want: unproved},
		"resolved":                                  {target: "xds:///orders.example.com", listed: []string{"orders.example.com"}, dial: []grpc.DialOption{named("xds", address, "")}},
		"resolved, with a port":                     {target: "xds:///orders.example.com:8080", listed: []string{"orders.example.com:8080"}, dial: []grpc.DialOption{named("xds", address, "")}},
		"renamed by the resolver to what is listed": {target: "xds:///evil.example.com", listed: []string{"orders.example.com"}, dial: []grpc.DialOption{named("xds", address, "orders.example.com")}, want: unproved},
		"renamed by the resolver":                   {target: "xds:///orders.example.com", dial: []grpc.DialOption{named("xds", address, "evil.example.com")}, want: unproved},
	}
}

// rowsOf returns connections to a collector at a unix socket.
func rowsOf(path string) map[string]plainRow {
	return map[string]plainRow{
		"a socket":                    {target: "unix:" + path},
		"a socket, by its full name":  {target: "unix://" + path},
		"a socket, listed":            {target: "unix:" + path, listed: []string{"localhost"}},
		"a socket, others listed":     {target: "unix:" + path, listed: []string{"orders.example.com"}, want: "may be sent to"},
		"a socket, another authority": {target: "unix:" + path, listed: []string{"orders.example.com"}, dial: []grpc.DialOption{grpc.WithAuthority("orders.example.com")}, want: unproved},
	}
}

// TestTokenWithoutTLSGoesToTheDialledAuthorityOnly shows that without a certificate
// a token is sent only to the authority that was dialled, and only if the matrix
// lists it.
func TestTokenWithoutTLSGoesToTheDialledAuthorityOnly(t *testing.T) {
	tcp, address := collect(t, "tcp", "127.0.0.1:0")
	unix, path := collect(t, "unix", filepath.Join(t.TempDir(), "orders.sock"))
	for name, wire := range map[string]struct {
		over  interceptor.Plaintext
		creds func() credentials.TransportCredentials
		at    *collector
		rows  map[string]plainRow
	}{
		"mesh":             {interceptor.Mesh("istio"), insecure.NewCredentials, tcp, rowsAt(address)},
		"mesh, local":      {interceptor.Mesh("istio"), local.NewCredentials, tcp, rowsAt(address)},
		"loopback":         {interceptor.Loopback, local.NewCredentials, tcp, rowsAt(address)},
		"mesh, socket":     {interceptor.Mesh("istio"), insecure.NewCredentials, unix, rowsOf(path)},
		"loopback, socket": {interceptor.Loopback, local.NewCredentials, unix, rowsOf(path)},
	} {
		for kind, row := range wire.rows {
			t.Run(name+"/"+kind, func(t *testing.T) {
				client := newClient(t, newIssuer(), company(t, withSecrets(t), authoritiesOf(row.listed...)), "customer-portal", interceptor.AllowPlaintext(wire.over))
				dial := append(client.DialOptions("order-status"), grpc.WithTransportCredentials(wire.creds()))
				conn, err := grpc.NewClient(row.target, append(dial, row.dial...)...)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				for shape, call := range shapes {
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
					err := call(ctx, conn, row.call...)
					cancel()
					sent := wire.at.got()
					if row.want == "" && (sent != 1 || status.Code(err) != codes.Unimplemented) {
						t.Errorf("%s: %d tokens arrived, %v; want one", shape, sent, err)
					}
					if row.want != "" && (sent != 0 || !strings.Contains(status.Convert(err).Message(), row.want)) {
						t.Errorf("%s: %d tokens arrived, %v; want none, and %q", shape, sent, err, row.want)
					}
				}
			})
		}
	}
}

// TestCertificateIsCheckedOnEachCall shows that a result which needed the
// certificate of a connection is not remembered: the next transport may lead to
// another server.
func TestCertificateIsCheckedOnEachCall(t *testing.T) {
	ca := testutil.NewCA()
	cert := ca.Certificate("orders.example.com")
	info := credentials.TLSInfo{CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}
	info.State.PeerCertificates = append(info.State.PeerCertificates, cert.Leaf)
	verified := info
	verified.State.VerifiedChains = append(verified.State.VerifiedChains, info.State.PeerCertificates)
	conn, err := grpc.NewClient("passthrough:///service.test", grpc.WithTransportCredentials(credentials.NewTLS(nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client := newClient(t, newIssuer(), company(t, withSecrets(t), authoritiesOf("orders.example.com", "stranger.example.com")), "customer-portal")
	ctx, creds := interceptor.CredentialsWithin(t.Context(), conn, client, "order-status")
	ask := func(info credentials.AuthInfo, host string) error {
		ctx := credentials.NewContextWithRequestInfo(ctx, credentials.RequestInfo{Method: getOrder, AuthInfo: info})
		_, err := creds.GetRequestMetadata(ctx, "https://"+host+"/acme.orders.v1.OrderStatus")
		return err
	}
	if err := ask(verified, "orders.example.com"); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"not verified":             ask(info, "orders.example.com"),
		"a name that is not in it": ask(verified, "stranger.example.com"),
		"no TLS":                   ask(secured{info.CommonAuthInfo}, "orders.example.com"),
	} {
		if err == nil || !strings.Contains(err.Error(), unproved) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
