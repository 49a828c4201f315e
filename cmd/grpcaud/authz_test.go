package main_test

import (
	"context"
	"crypto/tls"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/testutil"
)

// token returns a token of the customer portal for order-status.
func (f *field) token(claims testutil.Claims) string {
	all := testutil.Claims{"aud": "order-status", "azp": "customer-portal", "sub": "alice", "scope": "orders.read"}
	maps.Copy(all, claims)
	return "Bearer " + f.issuer.Mint(all)
}

// envoy plays Envoy.
type envoy struct{ conn *grpc.ClientConn }

func newEnvoy(t *testing.T, s *served, creds credentials.TransportCredentials) *envoy {
	t.Helper()
	addr := s.Addr
	if filepath.IsAbs(addr) {
		addr = "unix:" + addr
	}
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(creds))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &envoy{conn}
}

// ask asks about a call of a method of a service with a token, over TLS or not.
func (e *envoy) ask(t *testing.T, service, method, token string, plaintext bool, headers ...string) (*authv3.CheckResponse, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	http := &authv3.AttributeContext_HttpRequest{Method: "POST", Path: method, HeaderMap: &corev3.HeaderMap{}}
	for _, pair := range append([]string{"content-type: application/grpc", "authorization: " + token}, headers...) {
		name, value, _ := strings.Cut(pair, ": ")
		http.HeaderMap.Headers = append(http.HeaderMap.Headers, &corev3.HeaderValue{Key: name, RawValue: []byte(value)})
	}
	attributes := &authv3.AttributeContext{
		Source: &authv3.AttributeContext_Peer{Address: &corev3.Address{Address: &corev3.Address_SocketAddress{
			SocketAddress: &corev3.SocketAddress{Address: "127.0.0.1"},
		}}},
		Destination: &authv3.AttributeContext_Peer{Principal: "envoy.example.com"}, Request: &authv3.AttributeContext_Request{Http: http},
		ContextExtensions: map[string]string{"service": service},
	}
	if plaintext {
		attributes.Destination = nil
	}
	return authv3.NewAuthorizationClient(e.conn).Check(ctx, &authv3.CheckRequest{Attributes: attributes})
}

// code returns what a check decides.
func (e *envoy) code(t *testing.T, service, method, token string, plaintext bool) codes.Code {
	t.Helper()
	answer, err := e.ask(t, service, method, token, plaintext)
	if err != nil {
		t.Fatal(err)
	}
	return codes.Code(answer.GetStatus().GetCode())
}

const getOrder, getPerson = "/shop.orders.v1.OrderStatus/GetOrderStatus", "/shop.hr.v1.HumanResource/GetEmployee"

// TestAuthz shows that the command decides for Envoy by the matrix, reports its health, and
// ends when it is interrupted.
func TestAuthz(t *testing.T) {
	f := newField(t)
	s := f.start(t, "authz", f.matrix, "--listen", "127.0.0.1:0", "--log-all")
	if want := []string{"echo", "human-resource", "order-status"}; !slices.Equal(s.Services, want) {
		t.Errorf("it decides for %q, want %q", s.Services, want)
	}
	e := newEnvoy(t, s, insecure.NewCredentials())
	good := f.token(nil)
	for name, row := range map[string]struct {
		service, method, token string
		plaintext              bool
		want                   codes.Code
	}{
		"admitted":         {"order-status", getOrder, good, false, codes.OK},
		"another service":  {"human-resource", getOrder, good, false, codes.PermissionDenied},
		"no service":       {"", getOrder, good, false, codes.PermissionDenied},
		"another audience": {"human-resource", getPerson, good, false, codes.Unauthenticated},
		"public":           {"order-status", "/grpc.health.v1.Health/Check", "", false, codes.OK},
		"plaintext":        {"order-status", getOrder, good, true, codes.Unauthenticated},
	} {
		if got := e.code(t, row.service, row.method, row.token, row.plaintext); got != row.want {
			t.Errorf("%s: got %v, want %v", name, got, row.want)
		}
	}
	for _, service := range []string{"", "envoy.service.auth.v3.Authorization"} {
		e.await(t, service, healthpb.HealthCheckResponse_SERVING)
	}
	if lines := s.lines(t); len(lines) != 6 || lines[0]["decision"] == nil {
		t.Errorf("the log has %d decisions, want 6: %v", len(lines), lines)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("exit status = %d when interrupted, want 0\n%s", code, s.log)
	}
}

// await waits until the health of a service has a status.
func (e *envoy) await(t *testing.T, service string, want healthpb.HealthCheckResponse_ServingStatus) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	watch, err := healthpb.NewHealthClient(e.conn).Watch(ctx, &healthpb.HealthCheckRequest{Service: service})
	if err != nil {
		t.Fatal(err)
	}
	for {
		if got, err := watch.Recv(); err != nil {
			t.Fatalf("health of %q: %v, want %v", service, err, want)
		} else if got.GetStatus() == want {
			return
		}
	}
}

// TestAuthzIsReachedByEnvoyAlone shows that others than Envoy get no answer.
func TestAuthzIsReachedByEnvoyAlone(t *testing.T) {
	f := newField(t)
	cert, key, ca := pair(t)
	s := f.start(t, "authz", f.matrix, "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--client-ca", ca)
	own, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		config *tls.Config
		want   codes.Code
	}{
		"Envoy":                    {&tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{own}}, codes.OK},
		"without a certificate":    {&tls.Config{InsecureSkipVerify: true}, codes.Unavailable},
		"with one of another kind": {&tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{testutil.NewCA().Certificate("a")}}, codes.Unavailable},
	} {
		e := newEnvoy(t, s, credentials.NewTLS(row.config))
		if _, err := e.ask(t, "order-status", getOrder, f.token(nil), false); status.Code(err) != row.want {
			t.Errorf("%s: got %v, want %v", name, err, row.want)
		}
	}
}

// TestAuthzFlags shows what the flags change.
func TestAuthzFlags(t *testing.T) {
	f := newField(t)
	for _, row := range []struct {
		flags, header string
		removed       bool
	}{
		{"--allow-plaintext loopback", "cookie", true},
		{"--allow-plaintext mesh=istio --keep-header cookie", "cookie", false},
		{"--allow-plaintext loopback --strip-header x-corp-*", "x-corp-user", true},
		{"--allow-plaintext loopback", "x-corp-user", false},
		{"--allow-plaintext loopback", "authorization", true},
		{"--allow-plaintext loopback --keep-authorization", "authorization", false},
	} {
		s := f.start(t, append([]string{"authz", f.matrix, "--listen", "127.0.0.1:0", "--service", "order-status"}, strings.Fields(row.flags)...)...)
		answer, err := newEnvoy(t, s, insecure.NewCredentials()).ask(t, "order-status", getOrder, f.token(nil), true, "cookie: a=b", "x-corp-user: root")
		if err != nil || answer.GetOkResponse() == nil {
			t.Fatalf("%s: got %v, %v, want OK", row.flags, answer, err)
		}
		if got := slices.Contains(answer.GetOkResponse().GetHeadersToRemove(), row.header); got != row.removed {
			t.Errorf("%s: %s is removed: %t, want %t", row.flags, row.header, got, row.removed)
		}
		s.stop()
	}
}

// TestAuthzOnSocket shows that it listens on a unix socket, also after a process that left
// one, but not beside one that runs.
func TestAuthzOnSocket(t *testing.T) {
	f := newField(t)
	dir, err := os.MkdirTemp("", "authz") // a short path, as sockets need
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	s := f.start(t, "authz", f.matrix, "--listen", "unix:"+path)
	if got := newEnvoy(t, s, insecure.NewCredentials()).code(t, "order-status", getOrder, f.token(nil), false); got != codes.OK {
		t.Errorf("got %v, want OK", got)
	}
	f.run(t, "authz", "--listen", "unix:"+path).want(t, 2, "another process listens there")
}

// TestAuthzRemovesSocketsAlone shows that another file at the path of --listen stays.
func TestAuthzRemovesSocketsAlone(t *testing.T) {
	f := newField(t)
	before, err := os.ReadFile(f.matrix)
	if err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	for _, path := range []string{f.matrix, empty} {
		f.run(t, "authz", "--listen", "unix:"+path).want(t, 2, path+" is there, and is no socket")
	}
	if after, err := os.ReadFile(f.matrix); err != nil || string(after) != string(before) {
		t.Errorf("the file was changed: %v", err)
	}
	if _, err := os.Stat(empty); err != nil {
		t.Errorf("the directory was removed: %v", err)
	}
}

// TestAuthzFollowsTheFile shows that a change of the file takes effect.
func TestAuthzFollowsTheFile(t *testing.T) {
	f := newField(t)
	s := f.start(t, "authz", f.matrix, "--listen", "127.0.0.1:0")
	e := newEnvoy(t, s, insecure.NewCredentials())
	if got := e.code(t, "order-status", getOrder, f.token(nil), false); got != codes.OK {
		t.Fatalf("got %v, want OK", got)
	}
	f.change(t, "clients: [customer-portal, backoffice-portal], methods: [GetOrderStatus", "clients: [backoffice-portal], methods: [GetOrderStatus")
	s.log.wait(t, "access matrix applied")
	if got := e.code(t, "order-status", getOrder, f.token(nil), false); got != codes.PermissionDenied {
		t.Errorf("got %v by the new file, want PermissionDenied", got)
	}
}

func TestAuthzWrongUse(t *testing.T) {
	f := newField(t)
	cert, key, _ := pair(t)
	for _, row := range []struct{ want, args string }{
		{"missing --listen", ""},
		{`no service "order-statu" in the file, did you mean "order-status"?`, "--listen 127.0.0.1:0 --service order-statu"},
		{"--listen 0.0.0.0:0 without TLS, where others can read tokens", "--listen 0.0.0.0:0"},
		{"--client-ca needs TLS", "--listen 127.0.0.1:0 --client-ca " + cert},
		{"no certificate in it", "--listen 127.0.0.1:0 --tls-cert " + cert + " --tls-key " + key + " --client-ca " + key},
		{"[mesh tls-cert]", "--listen 127.0.0.1:0 --mesh istio --tls-cert " + cert + " --tls-key " + key},
		{`--allow-plaintext: got "any", want loopback or mesh=NAME`, "--listen 127.0.0.1:0 --allow-plaintext any"},
		{`--allow-plaintext: got "mesh=", want loopback or mesh=NAME`, "--listen 127.0.0.1:0 --allow-plaintext mesh="},
		{"handlers never see it", "--listen 127.0.0.1:0 --keep-header authorization"},
		{"handlers never see it", "--listen 127.0.0.1:0 --keep-header x-grpcaud-client"},
		{"want a name in lower case", "--listen 127.0.0.1:0 --strip-header X-Corp"},
		{"not a FileDescriptorSet", "--listen 127.0.0.1:0 --descriptors " + f.matrix},
	} {
		run(t, "", append([]string{"authz", f.matrix}, strings.Fields(row.args)...)...).want(t, 2, "grpcaud: ", row.want)
	}
}

// TestAuthzHoldsTheMatrixToTheDescriptors shows that a method without a rule is an error at
// the start.
func TestAuthzHoldsTheMatrixToTheDescriptors(t *testing.T) {
	f := newField(t)
	set := shopSet(t)
	f.start(t, "authz", f.matrix, "--listen", "127.0.0.1:0", "--service", "order-status", "--descriptors", set).stop()
	f.change(t, `{clients: [backoffice-portal], methods: ["*"], scopes: [orders.write]}`, "{clients: [backoffice-portal], methods: [UpdateOrderStatus], scopes: [orders.write]}")
	f.change(t, "methods: [GetOrderStatus, WatchOrderStatus]", "methods: [GetOrderStatus]")
	f.run(t, "authz", "--listen", "127.0.0.1:0", "--service", "order-status", "--descriptors", set).want(t, 2, "WatchOrderStatus has no rule")
}
