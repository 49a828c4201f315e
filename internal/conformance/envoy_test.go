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
	"github.com/grpcaud/grpcaud/internal/presented"
	"github.com/grpcaud/grpcaud/testutil"
)

// A fence is the two guards that are compared: the interceptor of each service, and
// Envoy with the exported configuration before servers without a guard.
type fence struct {
	*company
	issuer  *presented.Issuer
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
	rows := f.issuer.Rows()
	for _, name := range differing() {
		if !slices.ContainsFunc(rows, func(p presented.Row) bool { return p.Name == name }) {
			t.Errorf("no row is called %q", name)
		}
	}
	for _, row := range rows {
		t.Run(row.Name, func(t *testing.T) {
			for _, m := range []method{getOrderStatus, watchOrderStatus} {
				ours, envoys := f.judge(t, m, row.Authorization...)
				if admitted := ours == codes.OK; admitted != row.Good {
					t.Errorf("%s: the interceptor says %v, want admitted: %t", m.shape, ours, row.Good)
				}
				want, differs := designed(row)
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
		ours, envoys := f.judge(t, cell.method, f.bearerOf(t, cell))
		if admitted := cell.want == "admitted"; (envoys == codes.OK) != admitted || (ours == codes.OK) != admitted {
			t.Errorf("%s at %s: Envoy says %v, and the interceptor %v, want %s", cell.client, cell.full, envoys, ours, cell.want)
		}
	}
}

// bearerOf returns the authorization of a cell: the client's token for the service, or else
// for the other one.
func (f *fence) bearerOf(t *testing.T, cell cell) string {
	t.Helper()
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
	return token.Bearer()
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
	f := &fence{guarded: map[string]*grpc.ClientConn{}}
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
	f.issuer = presented.NewIssuer("http://" + server.Listener.Addr().String())
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

// token returns a token of customer-portal for order-status, with these changes.
func (f *fence) token(claims testutil.Claims) string { return f.issuer.Token(claims) }

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
	return f.askServer(ctx, m), m.try(ctx, f.envoy)
}

// askServer calls a method at the interceptor.
func (f *fence) askServer(ctx context.Context, m method) error {
	err := m.try(ctx, f.guarded[m.service])
	if strings.Contains(status.Convert(err).Message(), "a call to another service was not admitted") {
		return nil // its handler was reached, and got no token for a call of its own
	}
	return err
}
