package conformance_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/testutil"
)

// A fence is the two guards that are compared: the interceptor of each service, and
// Envoy with the exported configuration before servers without a guard.
type fence struct {
	*company
	issuer  *testutil.Issuer
	key     *testutil.Key               // the issuer's
	others  map[string]*testutil.Key    // published beside it, by what is odd about them
	guarded map[string]*grpc.ClientConn // by service
	envoy   *grpc.ClientConn
}

// TestConformanceEnvoy shows that Envoy admits and refuses what the interceptor does: for
// each call of the matrix, and for each wrong token.
func TestConformanceEnvoy(t *testing.T) {
	if !asked("envoy") {
		idp.Envoy(t, nil) // skips
	}
	f := newFence(t)
	t.Run("matrix", f.matrix)
	rows := f.presented()
	for _, name := range differing() {
		if !slices.ContainsFunc(rows, func(p presented) bool { return p.name == name }) {
			t.Errorf("no row is called %q", name)
		}
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for _, m := range []method{getOrderStatus, watchOrderStatus} {
				ours, envoys := f.judge(t, m, row.authorization...)
				if admitted := ours == codes.OK; admitted != row.good {
					t.Errorf("%s: the interceptor says %v, want admitted: %t", m.shape, ours, row.good)
				}
				want, differs := row.designed()
				if !differs {
					want = ours
				}
				if envoys != want || differs && ours == want {
					t.Errorf("%s: Envoy says %v, and the interceptor %v, want %v of Envoy alone: %t", m.shape, envoys, ours, want, differs)
				}
			}
		})
	}
}

// matrix calls every method as every client, through Envoy.
func (f *fence) matrix(t *testing.T) {
	for _, cell := range cells() {
		service := cell.service
		if _, err := f.policy.Target(cell.client, service); err != nil {
			service = other[service]
		}
		tokens, request, err := f.client(t, cell.client).Tokens(service)
		if err != nil {
			t.Fatal(err)
		}
		token, err := tokens.Token(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		ours, envoys := f.judge(t, cell.method, token.Bearer())
		if admitted := cell.want == "admitted"; (envoys == codes.OK) != admitted || (ours == codes.OK) != admitted {
			t.Errorf("%s at %s: Envoy says %v, and the interceptor %v, want %s", cell.client, cell.full, envoys, ours, cell.want)
		}
	}
}

func newFence(t *testing.T) *fence {
	t.Helper()
	f := newGuards(t)
	f.envoy = f.proxy(t)
	f.awaitKeys(t)
	return f
}

// awaitKeys waits until Envoy admits a good token.
func (f *fence) awaitKeys(t *testing.T) {
	t.Helper()
	eventually(t, "Envoy", func() string {
		_, envoys := f.judge(t, getOrderStatus, "Bearer "+f.token(nil)) // once it has the keys
		return envoys.String()
	}, codes.OK.String())
}

// newGuards returns a fence without Envoy.
func newGuards(t *testing.T) *fence {
	t.Helper()
	f := &fence{key: testutil.NewKey("ES256"), guarded: map[string]*grpc.ClientConn{}}
	f.openIssuer(t)
	f.company = open(t, provider{ // whose guards ask for keys at once
		guards: []interceptor.ServerOption{interceptor.VerifierOptions(verifier.Cooldown(time.Millisecond))},
		preset: "keycloak", audience: "%s", open: func(*testing.T, provider) site {
			return site{Server: &idp.Server{Issuer: f.issuer.URL()}, secrets: idp.Secret}
		},
	})
	for service := range other {
		f.guarded[service] = f.serve(t, service)
	}
	return f
}

// openIssuer starts an issuer on loopback whose tokens are like those of Keycloak.
func (f *fence) openIssuer(t *testing.T) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	f.issuer = testutil.NewIssuer("http://"+server.Listener.Addr().String(),
		testutil.Typ("JWT"), testutil.EveryToken(testutil.Claims{"typ": "Bearer"}), testutil.AudienceScope("{audience}"))
	f.issuer.Use(f.key)
	f.publish(t)
	mux := http.NewServeMux()
	mux.Handle("/", f.issuer)
	mux.HandleFunc("/protocol/openid-connect/certs", func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = string(testutil.JWKS) // which Keycloak has there
		f.issuer.ServeHTTP(w, r)
	})
	server.Config.Handler = mux
	server.Start()
	t.Cleanup(server.Close)
	scopes := map[string][]string{"order-status": {"orders.read", "orders.write"}}
	for client, audiences := range map[string][]string{
		"customer-portal": {"order-status"}, "backoffice-portal": {"order-status", "human-resource"}, "order-status": {"human-resource"},
	} {
		f.issuer.Register(testutil.Client{ID: client, Secret: idp.Secret(client), Audiences: audiences, Scopes: scopes})
	}
}

// proxy starts Envoy before a server that admits every call.
func (f *fence) proxy(t *testing.T) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unguarded := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		return stream.SendMsg(&emptypb.Empty{})
	}))
	go unguarded.Serve(listener)
	t.Cleanup(unguarded.Stop)
	config := exported(t, f.path, "--to", "envoy", "--bootstrap", "--listen", "127.0.0.1:0", "--upstream", listener.Addr().String())
	conn, err := grpc.NewClient(idp.Envoy(t, config).Addr("grpc"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// judge returns the codes of a call at both guards.
func (f *fence) judge(t *testing.T, m method, authorization ...string) (ours, envoys codes.Code) {
	t.Helper()
	our, envoy := f.ask(t, m, authorization...)
	return status.Code(our), status.Code(envoy)
}

// ask calls a method at both guards with these values of authorization.
func (f *fence) ask(t *testing.T, m method, authorization ...string) (ours, envoys error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, value := range authorization {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", value)
	}
	ours = m.try(ctx, f.guarded[m.service])
	if strings.Contains(status.Convert(ours).Message(), "a call to another service was not admitted") {
		ours = nil // its handler was reached, and got no token for a call of its own
	}
	return ours, m.try(ctx, f.envoy)
}
