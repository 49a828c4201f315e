package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/audience/revocation"
	ordersgw "github.com/grpcaud/grpcaud/integration/gateway/acme/orders/v1"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

const (
	issuerURL = "https://idp.example.com"
	matrix    = `
version: 1
issuers:
  corp: {url: ` + issuerURL + `}
services:
  order-status:
    issuer: corp
    grpc: [acme.orders.v1.OrderStatus]
    http:
      operations:
        GetOrderStatus: GET /v1/orders/{order_id}
        WatchOrderStatus: GET /v1/orders/{order_id}/changes
        UpdateOrderStatus: PUT /v1/orders/{order_id}/status
    closed: [UpdateOrderStatus]
    allow:
      - {clients: [customer-portal], methods: [GetOrderStatus, WatchOrderStatus], scopes: [orders.read]}
clients: {customer-portal: {}}
`
)

// orders keeps what handlers see.
type orders struct {
	ordersv1.UnimplementedOrderStatusServer
	mu     sync.Mutex
	caller audience.Caller
	got    metadata.MD
}

func (o *orders) keep(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.caller, _ = audience.FromContext(ctx)
	o.got, _ = metadata.FromIncomingContext(ctx)
}

func (o *orders) GetOrderStatus(ctx context.Context, r *ordersv1.GetOrderStatusRequest) (*ordersv1.GetOrderStatusResponse, error) {
	o.keep(ctx)
	return &ordersv1.GetOrderStatusResponse{Order: &ordersv1.Order{Id: r.GetOrderId()}}, nil
}

func (o *orders) WatchOrderStatus(r *ordersv1.WatchOrderStatusRequest, stream grpc.ServerStreamingServer[ordersv1.WatchOrderStatusResponse]) error {
	o.keep(stream.Context())
	if err := stream.Send(&ordersv1.WatchOrderStatusResponse{Order: &ordersv1.Order{Id: r.GetOrderId()}}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

// company is a guarded server behind a gateway.
type company struct {
	issuer  *testutil.Issuer
	revoked *revocation.List
	orders  *orders
	admit   *interceptor.Server
	gateway *httptest.Server
}

// open starts a server behind a gateway that forwards.
func open(t *testing.T) *company {
	t.Helper()
	c := prepare(t)
	conn := testutil.Serve(t, c.admit.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, c.orders) })
	mux := newMux()
	if err := ordersgw.RegisterOrderStatusHandler(t.Context(), mux, conn); err != nil {
		t.Fatal(err)
	}
	c.serve(t, mux)
	return c
}

// newMux returns a mux with the matcher of earlier releases, which passes on whatever
// begins with Grpc-Metadata-.
func newMux() *runtime.ServeMux {
	return runtime.NewServeMux(runtime.WithIncomingHeaderMatcher(runtime.LegacyHeaderMatcher))
}

func (c *company) serve(t *testing.T, handler http.Handler) {
	c.gateway = httptest.NewServer(handler)
	t.Cleanup(c.gateway.Close)
}

// prepare returns a company without its gateway.
func prepare(t *testing.T) *company {
	t.Helper()
	policy, err := policyfile.Parse("access.yaml", []byte(matrix))
	if err != nil {
		t.Fatal(err)
	}
	c := &company{issuer: testutil.NewIssuer(issuerURL), revoked: revocation.NewList(8), orders: &orders{}}
	c.admit, err = interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Transport(c.issuer.Transport()),
		interceptor.Revocations(c.revoked), interceptor.AllowPlaintext(interceptor.Loopback), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.admit.Close() })
	return c
}

// mint returns a token for the orders, with these claims instead of the good ones.
func (c *company) mint(claims testutil.Claims) string {
	all := testutil.Claims{"aud": "order-status", "client_id": "customer-portal", "sub": "ada", "sid": "s1", "scope": "orders.read"}
	for name, value := range claims {
		all[name] = value
	}
	return c.issuer.Mint(all)
}

// ask sends a request through the gateway.
func (c *company) ask(t *testing.T, method, path string, header http.Header) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, c.gateway.URL+path, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// TestForwardedTokenIsJudged shows that the header arrives behind a gateway, and that
// the server decides.
func TestForwardedTokenIsJudged(t *testing.T) {
	c := open(t)
	for name, row := range map[string]struct {
		method, path string
		header       http.Header
		status       int
		reason       audience.Reason
	}{
		"good":               {"GET", "/v1/orders/17", bearer(c.mint(nil)), http.StatusOK, ""},
		"no token":           {"GET", "/v1/orders/17", http.Header{}, http.StatusUnauthorized, audience.ReasonCredentialsMissing},
		"another audience":   {"GET", "/v1/orders/17", bearer(c.mint(testutil.Claims{"aud": "human-resource"})), http.StatusUnauthorized, audience.ReasonAudienceMismatch},
		"another client":     {"GET", "/v1/orders/17", bearer(c.mint(testutil.Claims{"client_id": "newsletter"})), http.StatusForbidden, audience.ReasonClientNotAllowed},
		"a scope is missing": {"GET", "/v1/orders/17", bearer(c.mint(testutil.Claims{"scope": "openid"})), http.StatusForbidden, audience.ReasonScopeInsufficient},
		"no rule":            {"PUT", "/v1/orders/17/status", bearer(c.mint(nil)), http.StatusForbidden, audience.ReasonNoPolicy},
		"two headers":        {"GET", "/v1/orders/17", http.Header{"Authorization": {"Bearer " + c.mint(nil), "Bearer x"}}, http.StatusUnauthorized, audience.ReasonCredentialsMalformed},
		"a second one in the gateway's spelling": {
			"GET", "/v1/orders/17",
			http.Header{"Authorization": {"Bearer " + c.mint(nil)}, "Grpc-Metadata-Authorization": {"Bearer x"}},
			http.StatusUnauthorized, audience.ReasonCredentialsMalformed,
		},
		"a token in the query": {"GET", "/v1/orders/17?access_token=" + c.mint(nil), http.Header{}, http.StatusUnauthorized, audience.ReasonCredentialsMissing},
		"a stream":             {"GET", "/v1/orders/17/changes", bearer(c.mint(testutil.Claims{"aud": "x"})), http.StatusUnauthorized, audience.ReasonAudienceMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			response := c.ask(t, row.method, row.path, row.header)
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != row.status || reasonIn(body) != row.reason {
				t.Errorf("got %s %s, want %d with reason %q", response.Status, body, row.status, row.reason)
			}
		})
	}
}

// told is what the gateway tells of an error: for a call that is google.rpc.Status, and
// for a stream the same in "error".
type told struct {
	Reason  audience.Reason // of the guard of HTTP
	Details []struct{ Reason audience.Reason }
	Error   struct {
		Details []struct{ Reason audience.Reason }
	}
}

func reasonIn(body []byte) audience.Reason {
	var answer told
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	for _, d := range append(answer.Details, answer.Error.Details...) {
		return d.Reason
	}
	return answer.Reason
}

// TestForwardedIdentityIsNotBelieved shows that what a browser says about who it is
// reaches no handler, in whichever spelling a gateway passes it on.
func TestForwardedIdentityIsNotBelieved(t *testing.T) {
	c := open(t)
	c.believesNobody(t)
}

// believesNobody asks with headers that name somebody else, and tests what the handler
// sees.
func (c *company) believesNobody(t *testing.T) {
	t.Helper()
	header := bearer(c.mint(nil))
	for _, name := range []string{"X-Forwarded-User", "X-Auth-Request-Email", "X-Goog-Iap-Jwt-Assertion", "X-Amzn-Oidc-Identity", "X-Ms-Client-Principal", "Cf-Access-Jwt-Assertion"} {
		header.Set(name, "admin")
		header.Set("Grpc-Metadata-"+name, "admin")
	}
	header.Set("Grpc-Metadata-X-Request-Id", "r-1")
	response := c.ask(t, http.MethodGet, "/v1/orders/17", header)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("got %s", response.Status)
	}
	c.orders.mu.Lock()
	defer c.orders.mu.Unlock()
	if c.orders.caller.User != "ada" || c.orders.caller.Client != "customer-portal" {
		t.Errorf("the handler sees %v, want ada of customer-portal", c.orders.caller)
	}
	for name, values := range c.orders.got {
		if all := fmt.Sprint(values); strings.Contains(all, "admin") || strings.Contains(all, "Bearer") {
			t.Errorf("the handler sees %s: %s", name, all)
		}
	}
	if diff := cmp.Diff([]string{"r-1"}, c.orders.got.Get("x-request-id")); diff != "" {
		t.Errorf("an ordinary header (-want +got):\n%s", diff)
	}
}

// TestForwardedStreamEnds shows that a stream behind a gateway ends when its session is
// revoked, and that the one who reads it is told why.
func TestForwardedStreamEnds(t *testing.T) {
	c := open(t)
	response := c.ask(t, http.MethodGet, "/v1/orders/17/changes", bearer(c.mint(nil)))
	lines := json.NewDecoder(response.Body)
	var first, last struct {
		Result struct{ Order struct{ ID string } }
		Error  struct {
			Message string
			Details []struct{ Reason audience.Reason }
		}
	}
	if err := lines.Decode(&first); err != nil || first.Result.Order.ID != "17" {
		t.Fatalf("got %+v, %v; want order 17", first, err)
	}
	if err := c.revoked.Revoke(revocation.Entry{Issuer: issuerURL, Session: "s1", Expires: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := lines.Decode(&last); err != nil || len(last.Error.Details) == 0 || last.Error.Details[0].Reason != audience.ReasonTokenRevoked {
		t.Errorf("got %+v, %v; want the reason %s", last, err, audience.ReasonTokenRevoked)
	}
}
