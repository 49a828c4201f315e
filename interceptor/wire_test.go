package interceptor_test

import (
	"context"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/metric"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// unknownLevel is a connection that does not state its security level.
type unknownLevel struct{}

func (unknownLevel) AuthType() string { return "unknownLevel" }

// localConnection is a connection within the machine, as credentials/local describes
// it.
type localConnection struct{ credentials.CommonAuthInfo }

func (localConnection) AuthType() string { return "local" }

// open is a plaintext connection, as credentials/insecure describes it.
type open struct{ credentials.CommonAuthInfo }

func (open) AuthType() string { return "insecure" }

func level(l credentials.SecurityLevel) credentials.AuthInfo {
	return secured{credentials.CommonAuthInfo{SecurityLevel: l}}
}

// wires are connections, and whether tokens may travel over them: on a server
// and on a client, where Loopback is not allowed and where it is.
var wires = []struct {
	name             string
	peer             *peer.Peer
	server, loopback bool // a server admits it; one that allows Loopback does
	client, local    bool // a client uses it; one that allows Loopback does
}{
	{"private", &peer.Peer{AuthInfo: level(credentials.PrivacyAndIntegrity)}, true, true, true, true},
	{"integrity alone", &peer.Peer{AuthInfo: level(credentials.IntegrityOnly)}, false, false, false, false},
	{"no security", &peer.Peer{AuthInfo: level(credentials.NoSecurity)}, false, false, false, false},
	{"level not set", &peer.Peer{AuthInfo: level(credentials.InvalidSecurityLevel)}, false, false, false, false},
	{"level not told", &peer.Peer{AuthInfo: unknownLevel{}}, false, false, false, false},
	{"nothing told", &peer.Peer{}, false, false, false, false},
	{"no peer", nil, false, false, false, false},
	{"local", &peer.Peer{AuthInfo: localConnection{}}, false, false, false, true},
	{"plaintext", &peer.Peer{AuthInfo: open{}}, false, false, false, false},
	{"from loopback", &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}}, false, true, false, false},
	{"from loopback by IPv6", &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv6loopback, Port: 1}}, false, true, false, false},
	{"from loopback, mapped", &peer.Peer{Addr: address("[::ffff:127.0.0.1]:1")}, false, true, false, false},
	{"from a unix socket", &peer.Peer{Addr: &net.UnixAddr{Name: "@", Net: "unix"}}, false, true, false, false},
	{"from a private network", &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1}}, false, false, false, false},
	{"from anywhere", &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4zero, Port: 1}}, false, false, false, false},
	{"from a name", &peer.Peer{Addr: address("localhost:1")}, false, false, false, false},
}

type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

func TestConnectionsThatAServerAccepts(t *testing.T) {
	issuer := newIssuer()
	token := issuer.Mint(good(nil))
	allowing := func(opts ...interceptor.ServerOption) *interceptor.Server {
		server, err := interceptor.NewServer(company(t), interceptor.Services("order-status"), append(opts, interceptor.Transport(issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Close() })
		return server
	}
	strict, loopback := allowing(), allowing(interceptor.AllowPlaintext(interceptor.Loopback))
	for _, row := range wires {
		ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer "+token))
		if row.peer != nil {
			ctx = peer.NewContext(ctx, row.peer)
		}
		for name, way := range map[string]struct {
			server *interceptor.Server
			admits bool
		}{"strict": {strict, row.server}, "Loopback": {loopback, row.loopback}} {
			want := verdict{codes.Unauthenticated, audience.ReasonTransportInsecure}
			if way.admits {
				want = verdict{}
			}
			if got := verdictOf(unary(ctx, way.server, "/acme.orders.v1.OrderStatus/GetOrderStatus")); got != want {
				t.Errorf("%s, %s: %v, want %v", row.name, name, got, want)
			}
		}
	}
}

// unary is a call of a method whose handler does nothing.
func unary(ctx context.Context, server *interceptor.Server, method string) error {
	_, err := unaryOf(server)(ctx, nil, &grpc.UnaryServerInfo{FullMethod: method}, func(context.Context, any) (any, error) { return nil, nil })
	return err
}

func TestConnectionsThatAClientUses(t *testing.T) {
	strict := interceptor.AsService(fixed("x"), "order-status")
	local := interceptor.AsService(fixed("x"), "order-status", interceptor.AllowPlaintext(interceptor.Loopback))
	for _, row := range wires {
		var info credentials.AuthInfo
		if row.peer != nil {
			info = row.peer.AuthInfo
		}
		ctx := credentials.NewContextWithRequestInfo(t.Context(), credentials.RequestInfo{AuthInfo: info})
		for name, way := range map[string]struct {
			creds credentials.PerRPCCredentials
			uses  bool
		}{"strict": {strict, row.client}, "Loopback": {local, row.local}} {
			if _, err := way.creds.GetRequestMetadata(ctx); (err == nil) != way.uses {
				t.Errorf("%s, %s: %v, want it used: %v", row.name, name, err, way.uses)
			}
		}
	}
	if !strict.RequireTransportSecurity() || local.RequireTransportSecurity() {
		t.Error("RequireTransportSecurity is not what AllowPlaintext says")
	}
}

// TestConnectionsOfAMesh shows that where a mesh is named, a server takes tokens over every
// connection, and a client uses those that its sidecar may be the end of.
func TestConnectionsOfAMesh(t *testing.T) {
	issuer := newIssuer()
	token := issuer.Mint(good(nil))
	mesh := interceptor.AllowPlaintext(interceptor.Mesh("istio"))
	server := serverOf(t, issuer, company(t), mesh)
	creds := interceptor.AsService(fixed("x"), "order-status", mesh)
	for _, row := range wires {
		ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer "+token))
		var info credentials.AuthInfo
		if row.peer != nil {
			ctx, info = peer.NewContext(ctx, row.peer), row.peer.AuthInfo
		}
		if err := unary(ctx, server, "/acme.orders.v1.OrderStatus/GetOrderStatus"); (err == nil) != (row.peer != nil) {
			t.Errorf("%s: the server says %v", row.name, err)
		}
		uses := row.local || row.name == "plaintext"
		if _, err := creds.GetRequestMetadata(credentials.NewContextWithRequestInfo(t.Context(), credentials.RequestInfo{AuthInfo: info})); (err == nil) != uses {
			t.Errorf("%s: the client says %v, want it used: %v", row.name, err, uses)
		}
	}
	for _, name := range []string{"", " "} {
		if _, err := interceptor.NewServer(company(t), interceptor.Services("order-status"), interceptor.AllowPlaintext(interceptor.Mesh(name))); err == nil || !strings.Contains(err.Error(), "a mesh without a name") {
			t.Errorf("Mesh(%q): %v", name, err)
		}
	}
}

// TestPlaintextIsReported shows that log and metrics of both sides say that a
// protection is off, and say nothing where none is.
func TestPlaintextIsReported(t *testing.T) {
	issuer := newIssuer()
	policy := company(t, withSecrets(t))
	for name, row := range map[string]struct {
		over interceptor.Plaintext
		want string
	}{"none": {}, "loopback": {interceptor.Loopback, "AllowPlaintext(loopback)"}, "mesh": {interceptor.Mesh("istio"), "AllowPlaintext(mesh istio)"}} {
		for side, make := range map[string]func(interceptor.Option, interceptor.Option, interceptor.PlaintextOption) error{
			"server": func(log, meters interceptor.Option, plain interceptor.PlaintextOption) error {
				server, err := interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Transport(issuer.Transport()), log, meters, plain)
				if err == nil {
					t.Cleanup(func() { server.Close() })
				}
				return err
			},
			"client": func(log, meters interceptor.Option, plain interceptor.PlaintextOption) error {
				client, err := interceptor.NewClient(policy, "customer-portal", log, meters, plain)
				if err == nil {
					t.Cleanup(func() { client.Close() })
				}
				return err
			},
		} {
			l, reader := &log{}, metric.NewManualReader()
			if err := make(interceptor.Logger(slog.New(slog.NewTextHandler(l, nil))), interceptor.MeterProvider(metric.NewMeterProvider(metric.WithReader(reader))), interceptor.AllowPlaintext(row.over)); err != nil {
				t.Fatalf("%s, %s: %v", name, side, err)
			}
			if told := strings.Contains(l.String(), "tokens may travel in plaintext"); told != (row.want != "") || !strings.Contains(l.String(), row.want) {
				t.Errorf("%s, %s: the log says %q", name, side, l)
			}
			insecure := slices.DeleteFunc(slices.Collect(maps.Keys(counted(t, reader))), func(name string) bool { return !strings.HasPrefix(name, "grpcaud.insecure") })
			if got := strings.Join(insecure, ""); row.want == "" && got != "" || row.want != "" && got != "grpcaud.insecure option="+row.want {
				t.Errorf("%s, %s: the metrics say %q, want %q", name, side, got, row.want)
			}
		}
	}
}

// TestConnectionIsCheckedBeforeATokenIsRequested shows that a call over a plaintext
// connection is refused for that reason, whatever it carries.
func TestConnectionIsCheckedBeforeATokenIsRequested(t *testing.T) {
	server := newServer(t, testutil.NewIssuer(corp), t.Output(), "order-status")
	got := verdictOf(unary(t.Context(), server, "/acme.orders.v1.OrderStatus/GetOrderStatus"))
	if want := (verdict{codes.Unauthenticated, audience.ReasonTransportInsecure}); got != want {
		t.Errorf("no token: %v, want %v", got, want)
	}
}

// TestRefusedConnectionSaysWhatToWrite shows that a refusal says what to write instead,
// by what was allowed.
func TestRefusedConnectionSaysWhatToWrite(t *testing.T) {
	ctx := credentials.NewContextWithRequestInfo(t.Context(), credentials.RequestInfo{})
	for want, opts := range map[string][]interceptor.CredentialsOption{
		"use transport credentials":                nil,
		"google.golang.org/grpc/credentials/local": {interceptor.AllowPlaintext(interceptor.Loopback)},
		`a sidecar of`:                             {interceptor.AllowPlaintext(interceptor.Mesh("istio"))},
	} {
		_, err := interceptor.AsService(fixed("1"), "order-status", opts...).GetRequestMetadata(ctx)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error that says %q", err, want)
		}
	}
}
