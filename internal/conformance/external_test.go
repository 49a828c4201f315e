package conformance_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/extauthz"
	"github.com/grpcaud/grpcaud/internal/idp"
)

// An unguarded service answers every call, and keeps what it sees of the last one.
type unguarded struct {
	mu   sync.Mutex // guards seen
	seen metadata.MD
	addr string
}

func newUnguarded(t testing.TB) *unguarded {
	t.Helper()
	u := &unguarded{}
	u.addr, _ = listenAndServe(t, "127.0.0.1:0", grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		md, _ := metadata.FromIncomingContext(stream.Context())
		u.mu.Lock()
		u.seen = md
		u.mu.Unlock()
		for {
			if err := stream.RecvMsg(&emptypb.Empty{}); err != nil {
				return nil // the client has sent all
			}
			if err := stream.SendMsg(&emptypb.Empty{}); err != nil {
				return err
			}
		}
	})))
	return u
}

func (u *unguarded) last() metadata.MD {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.seen
}

// listenAndServe serves on an address until the test ends.
func listenAndServe(t testing.TB, at string, server *grpc.Server) (addr string, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() { _ = server.Serve(listener) })
	stop = sync.OnceFunc(func() {
		server.Stop()
		done.Wait()
	})
	t.Cleanup(stop)
	return listener.Addr().String(), stop
}

// external is Envoy before an unguarded service, with the authorization service that it
// asks.
type external struct {
	*fence
	service *unguarded
	guard   *interceptor.Server
	authz   *extauthz.Service
	addr    string // of the authorization service
	stop    func() // ends it
}

// An arrangement says what differs from the exported configuration. Its zero value changes
// nothing.
type arrangement struct {
	matrix   func(string) string // changes the access matrix
	config   func([]byte) []byte // changes Envoy's configuration
	upstream string              // the address of another service behind Envoy
	flags    []string            // of the export
	guard    []interceptor.ServerOption
}

// newExternal starts all of them.
func newExternal(t *testing.T, a arrangement) *external {
	t.Helper()
	x := &external{fence: newGuards(t), service: newUnguarded(t)}
	if a.matrix != nil {
		x.rewrite(t, a.matrix)
	}
	var err error
	x.guard, err = interceptor.NewServer(x.policy, interceptor.Services("order-status", "human-resource"),
		append(append(x.guards, interceptor.Logger(slog.New(slog.DiscardHandler))), a.guard...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.guard.Close() })
	if x.authz, err = extauthz.New(x.guard); err != nil {
		t.Fatal(err)
	}
	x.start(t, "127.0.0.1:0")
	config := exported(t, append(a.flags, x.path, "--to", "envoy", "--authz", x.addr, "--bootstrap", "--listen", "127.0.0.1:0", "--upstream", cmp.Or(a.upstream, x.service.addr))...)
	if a.config != nil {
		config = a.config(config)
	}
	x.envoy = connect(t, idp.Envoy(t, config).Addr("grpc"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	return x
}

// rewrite changes the access matrix.
func (x *external) rewrite(t *testing.T, change func(string) string) {
	t.Helper()
	text, err := os.ReadFile(x.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(x.path, []byte(change(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	if x.policy, err = policyfile.Load(x.path); err != nil {
		t.Fatal(err)
	}
}

// start starts the authorization service.
func (x *external) start(t testing.TB, at string) {
	t.Helper()
	server := grpc.NewServer()
	x.authz.Register(server)
	x.addr, x.stop = listenAndServe(t, at, server)
}

func connect(t testing.TB, addr string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(addr, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// onLoopback lets tokens come to Envoy without TLS.
var onLoopback = arrangement{guard: []interceptor.ServerOption{interceptor.AllowPlaintext(interceptor.Loopback)}}

// verdict is "admitted" or the reason of a refusal.
func verdict(err error) string {
	if err == nil {
		return "admitted"
	}
	if reason, ok := interceptor.ReasonOf(err); ok {
		return string(reason)
	}
	return err.Error()
}

// TestExtAuthzConformance shows that Envoy, which asks the authorization service, admits and
// refuses what the interceptor does, for the same reason: for each call of the matrix, and
// for each wrong token.
func TestExtAuthzConformance(t *testing.T) {
	if !asked("envoy") {
		idp.Envoy(t, nil) // skips
	}
	x := newExternal(t, onLoopback)
	x.awaitKeys(t)
	t.Run("matrix", x.matrix)
	differing := map[string]string{}
	for _, row := range x.presented() {
		t.Run(row.name, func(t *testing.T) {
			for _, m := range []method{getOrderStatus, watchOrderStatus} {
				our, envoys := x.ask(t, m, row.authorization...)
				if admitted := our == nil; admitted != row.good || (envoys == nil) != row.good {
					t.Errorf("%s: the interceptor says %v, and Envoy %v, want admitted: %t", m.shape, our, envoys, row.good)
				}
				if verdict(our) != verdict(envoys) {
					differing[row.name] = fmt.Sprintf("| %s | `%s` | `%s` |\n", row.name, verdict(our), verdict(envoys))
				}
			}
		})
	}
	checkReasons(t, differing)
}

// checkReasons compares the table of the page about external authorization with the rows
// that have another reason there.
func checkReasons(t *testing.T, differing map[string]string) {
	t.Helper()
	const path, mark, end = "../../docs/extauthz.md", "<!-- reasons: made by go test ./internal/conformance -run ExtAuthz -update -->\n", "<!-- end -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), mark)
	old, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no marks %q and %q", path, mark, end)
	}
	table := "| the call has | a server says | Envoy says |\n|---|---|---|\n"
	for _, name := range slices.Sorted(maps.Keys(differing)) {
		table += differing[name]
	}
	switch {
	case old == table:
	case *update:
		if err := os.WriteFile(path, []byte(before+mark+table+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not what was found out; run the test with -update: got\n%s", path, table)
	}
}

// TestExtAuthzCallerReachesTheService shows what the service behind Envoy sees: the caller
// as the token says, and nothing that the client wrote in its place.
func TestExtAuthzCallerReachesTheService(t *testing.T) {
	if !asked("envoy") {
		idp.Envoy(t, nil) // skips
	}
	x := newExternal(t, onLoopback)
	x.awaitKeys(t)
	spoofed := []string{"x-forwarded-user", "root", "cookie", "a=b", "x-forwarded-client-cert", "Hash=1", "x_grpcaud_client", "root", "x-trace", "kept"}
	for _, name := range []string{
		extauthz.HeaderIssuer, extauthz.HeaderClient, extauthz.HeaderUser, extauthz.HeaderChain,
		extauthz.HeaderScopes, extauthz.HeaderRoles, extauthz.HeaderAudience, extauthz.HeaderExpiry,
	} {
		spoofed = append(spoofed, name, "root", name, "root again")
	}
	for name, row := range map[string]struct {
		method method
		token  string
		want   map[string]string
	}{
		"admitted": {getOrderStatus, "Bearer " + x.token(nil), map[string]string{
			extauthz.HeaderIssuer: x.issuer.URL(), extauthz.HeaderClient: "customer-portal", extauthz.HeaderScopes: "orders.read", extauthz.HeaderAudience: "order-status",
		}},
		"public": {method{"unary", "order-status", "/grpc.health.v1.Health/Check"}, "Bearer " + x.token(nil), nil},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		ctx = metadata.AppendToOutgoingContext(ctx, append(spoofed, "authorization", row.token)...)
		if err := row.method.try(ctx, x.envoy); err != nil {
			t.Fatalf("%s: %v, want admitted", name, err)
		}
		cancel()
		seen := x.service.last()
		for key, values := range seen {
			for _, value := range values {
				if want := row.want[key]; want != value && (want != "" || value == "root" || value == "root again" || value == row.token || value == "a=b" || value == "Hash=1") {
					t.Errorf("%s: the service sees %s: %q, want %q", name, key, values, want)
				}
			}
		}
		for key, want := range row.want {
			if got := seen.Get(key); len(got) != 1 || got[0] != want {
				t.Errorf("%s: the service sees %s: %q, want %q", name, key, got, want)
			}
		}
		if got := seen.Get("x-trace"); len(got) != 1 {
			t.Errorf("%s: the service sees x-trace %q, want what the client sent", name, got)
		}
	}
}
