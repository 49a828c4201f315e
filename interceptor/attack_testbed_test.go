package interceptor_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// shape is one of [shapes].
type shape = func(context.Context, *grpc.ClientConn, ...grpc.CallOption) error

// attackIssuer is an issuer that takes part.
type attackIssuer struct{ *testutil.Issuer }

// asked returns how many requests for metadata and for keys have come.
func (p attackIssuer) asked() int { return p.Requests(testutil.Discovery) + p.Requests(testutil.JWKS) }

// recorder is a transport that records the addresses of requests.
type recorder struct {
	http.RoundTripper
	mu    sync.Mutex      // guards hosts
	hosts map[string]bool // with their schemes
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.hosts[request.URL.Scheme+"://"+request.URL.Host] = true
	r.mu.Unlock()
	return r.RoundTripper.RoundTrip(request)
}

// elsewhere returns where r was asked to go besides to the issuers.
func (r *recorder) elsewhere() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	hosts := maps.Clone(r.hosts)
	for _, known := range []string{"https://idp.example.com", "https://accounts.google.com", partnerURL} {
		delete(hosts, known)
	}
	return slices.Sorted(maps.Keys(hosts))
}

// testbed is a guarded server with the parties of an attack: its issuer, a partner's
// issuer that only another service trusts, and a host of the attacker.
type testbed struct {
	// What a setup may change.
	url     string // of the issuer
	matrix  access.Matrix
	options []interceptor.ServerOption
	keys    []any // published besides the issuer's own
	dial    []grpc.DialOption
	mutual  bool                    // the client shows its certificate
	good    func(*testbed) []string // what an honest client sends

	attackIssuer      // the issuer
	partner, stranger attackIssuer
	client            tls.Certificate
	wire              *recorder
	server            *interceptor.Server
	conn              *grpc.ClientConn
	log               *log
	orders            *visited
}

// visited is the service that is attacked.
type visited struct{ orders }

func (v *visited) calls() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.callers)
}

// ownKey signs the issuer's tokens, partnerKey the partner's: different keys
// under one id.
var (
	ownKey     = testutil.NewKey("ES256").As("1", "ES256")
	partnerKey = testutil.NewKey("ES256").As("1", "ES256")
)

const (
	partnerURL  = "https://login.partner.example"
	strangerURL = "https://login.stranger.example"
)

func newTestbed(t testing.TB, setup func(*testbed)) *testbed {
	t.Helper()
	a := &testbed{url: corp, matrix: attacked(), good: token(nil), log: &log{}, orders: &visited{}}
	if setup != nil {
		setup(a)
	}
	issuer := a.matrix.Issuers["corp"]
	issuer.URL = a.url
	a.matrix.Issuers["corp"] = issuer
	a.attackIssuer = newAttackIssuer(a.url, ownKey, a.keys...)
	a.partner, a.stranger = newAttackIssuer(partnerURL, partnerKey), newAttackIssuer(strangerURL, testutil.NewKey("ES256"))
	a.wire = &recorder{RoundTripper: a.Transport(a.partner.Issuer, a.stranger.Issuer), hosts: map[string]bool{}}
	a.serve(t)
	return a
}

// attacked is the matrix under attack.
func attacked() access.Matrix {
	return access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {}, "partner": {URL: partnerURL}},
		Services: map[string]access.Service{
			"order-status": {
				Issuers: []string{"corp"}, GRPC: []string{"acme.orders.v1.OrderStatus"},
				Allow: []access.Allow{{Clients: []string{"customer-portal"}, Methods: []string{"*"}, Scopes: []string{"orders.read"}}},
			},
			"human-resource": {
				Issuers: []string{"partner"}, GRPC: []string{"acme.hr.v1.HumanResource"},
				Allow: []access.Allow{{Clients: []string{"agency"}, Methods: []string{"*"}, NoScopes: true}},
			},
		},
		Clients: map[string]access.Client{"customer-portal": {Issuer: "corp"}, "agency": {Issuer: "partner"}},
	}
}

// newAttackIssuer returns an issuer that signs with key, and publishes others too. Its
// tokens are typed as Keycloak types them besides.
func newAttackIssuer(url string, key *testutil.Key, others ...any) attackIssuer {
	issuer := testutil.NewIssuer(url, testutil.EveryToken(testutil.Claims{"typ": "Bearer"}))
	issuer.Use(key)
	issuer.Retire()
	if len(others) > 0 {
		issuer.SetJWKS(jwks(append([]any{key.JWK()}, others...)...))
	}
	return attackIssuer{issuer}
}

func jwks(keys ...any) []byte { return encoded(map[string]any{"keys": keys}) }

// encoded is v in JSON, without the escapes that HTML asks for.
func encoded(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

func (a *testbed) serve(t testing.TB) {
	t.Helper()
	policy, err := access.New(a.matrix)
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(a.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a.server, err = interceptor.NewServer(policy, interceptor.Services("order-status", "human-resource"),
		append([]interceptor.ServerOption{interceptor.Transport(a.wire), interceptor.Logger(logger)}, a.options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.server.Close() })
	ca := testutil.NewCA()
	a.client = ca.Certificate("customer-portal")
	dialled := &tls.Config{RootCAs: ca.Pool()}
	if a.mutual {
		dialled.Certificates = []tls.Certificate{a.client}
	}
	a.conn = testutil.Serve(t, append(a.server.Options(), grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{ca.Certificate(testutil.ServerName)}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: ca.Pool(),
	}))), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, a.orders)
		hrv1.RegisterHumanResourceServer(s, humanResource{})
	}, append(a.dial, grpc.WithTransportCredentials(credentials.NewTLS(dialled)))...)
}

// The setups.

// all makes one setup of several.
func all(setups ...func(*testbed)) func(*testbed) {
	return func(a *testbed) {
		for _, setup := range setups {
			setup(a)
		}
	}
}

// publishing has the issuer publish more keys than its own.
func publishing(keys ...any) func(*testbed) { return func(a *testbed) { a.keys = keys } }

// issuing changes what is said of the issuer.
func issuing(change func(*access.Issuer)) func(*testbed) {
	return func(a *testbed) {
		issuer := a.matrix.Issuers["corp"]
		change(&issuer)
		a.matrix.Issuers["corp"] = issuer
	}
}

// serving changes what is said of the service.
func serving(change func(*access.Service)) func(*testbed) {
	return func(a *testbed) {
		service := a.matrix.Services["order-status"]
		change(&service)
		a.matrix.Services["order-status"] = service
	}
}

// allowing changes what the service demands.
func allowing(change func(*access.Allow)) func(*testbed) {
	return serving(func(s *access.Service) { change(&s.Allow[0]) })
}

// legacy makes the issuer one whose tokens have no type of their own.
var legacy = issuing(func(i *access.Issuer) { i.Preset = "keycloak" })

// mutually has the client show its certificate.
func mutually(a *testbed) { a.mutual = true }

// The tokens.

// read are the claims of a token that may read orders.
func read(changes testutil.Claims) testutil.Claims {
	claims := testutil.Claims{"aud": "order-status", "sub": "alice", "client_id": "customer-portal", "scope": "orders.read"}
	maps.Copy(claims, changes)
	return claims
}

// sent returns these values unchanged.
func sent(values ...string) func(*testbed) []string {
	return func(*testbed) []string { return values }
}

// token returns a good token with changed claims, or made with options.
func token(changes testutil.Claims, opts ...testutil.MintOption) func(*testbed) []string {
	return func(a *testbed) []string { return []string{"Bearer " + a.Mint(read(changes), opts...)} }
}

// dated returns a good token with claims that depend on the time.
func dated(changes func(now time.Time) testutil.Claims) func(*testbed) []string {
	return func(a *testbed) []string { return token(changes(time.Now()))(a) }
}

// bent returns a good token after a change of its text.
func bent(spoil func(token string) string, opts ...testutil.MintOption) func(*testbed) []string {
	return func(a *testbed) []string { return []string{"Bearer " + spoil(a.Mint(read(nil), opts...))} }
}

// spelt returns a good token in which these members, written as they are, replace the
// claim of that name.
func spelt(name, members string) func(*testbed) []string {
	return func(a *testbed) []string {
		now := time.Now().Unix()
		claims := read(testutil.Claims{"iss": a.url, "iat": now, "exp": now + 300, "jti": "1"})
		delete(claims, name)
		return token(nil, testutil.RawPayload(append([]byte("{"+members+","), encoded(claims)[1:]...)))(a)
	}
}
