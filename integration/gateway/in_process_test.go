package gateway_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/grpcaud/grpcaud/audience"
	ordersgw "github.com/grpcaud/grpcaud/integration/gateway/acme/orders/v1"
	"github.com/grpcaud/grpcaud/interceptor/httpguard"
	"github.com/grpcaud/grpcaud/testutil"
)

// openInProcess starts a gateway that calls the service without gRPC, behind guard.
func openInProcess(t *testing.T, guard func(*company, http.Handler) (http.Handler, error)) *company {
	t.Helper()
	c, mux := prepare(t), newMux()
	if err := ordersgw.RegisterOrderStatusHandlerServer(t.Context(), mux, c.orders); err != nil {
		t.Fatal(err)
	}
	handler, err := guard(c, mux)
	if err != nil {
		t.Fatal(err)
	}
	c.serve(t, handler)
	return c
}

func wrapped(c *company, next http.Handler) (http.Handler, error) {
	return httpguard.Wrap(c.admit, next)
}

// TestGatewayInProcessIsGuarded shows that the guard of HTTP decides about the requests of a
// gateway that calls the service without gRPC's interceptors.
func TestGatewayInProcessIsGuarded(t *testing.T) {
	c := openInProcess(t, wrapped)
	good := bearer(c.mint(nil))
	for name, row := range map[string]struct {
		method, path string
		header       http.Header
		status       int
		reason       audience.Reason
	}{
		"good":               {"GET", "/v1/orders/17", good, http.StatusOK, ""},
		"no token":           {"GET", "/v1/orders/17", http.Header{}, http.StatusUnauthorized, audience.ReasonCredentialsMissing},
		"another audience":   {"GET", "/v1/orders/17", bearer(c.mint(testutil.Claims{"aud": "x"})), http.StatusUnauthorized, audience.ReasonAudienceMismatch},
		"a scope is missing": {"GET", "/v1/orders/17", bearer(c.mint(testutil.Claims{"scope": "openid"})), http.StatusForbidden, audience.ReasonScopeInsufficient},
		"closed":             {"PUT", "/v1/orders/17/status", good, http.StatusForbidden, audience.ReasonNoPolicy},
		"two headers":        {"GET", "/v1/orders/17", http.Header{"Authorization": {"Bearer " + c.mint(nil), "Bearer x"}}, http.StatusUnauthorized, audience.ReasonCredentialsMalformed},
		"a token in the gateway's spelling": {
			"GET", "/v1/orders/17",
			http.Header{"Grpc-Metadata-Authorization": {"Bearer " + c.mint(nil)}},
			http.StatusUnauthorized, audience.ReasonCredentialsMissing,
		},
		// The gateway has a route for each method under its name.
		"a route that is no operation": {"POST", "/acme.orders.v1.OrderStatus/GetOrderStatus", good, http.StatusForbidden, audience.ReasonNoPolicy},
		"a method override":            {"POST", "/v1/orders/17", http.Header{"Authorization": good["Authorization"], "X-Http-Method-Override": {"GET"}}, http.StatusForbidden, audience.ReasonNoPolicy},
		"a stream, not admitted":       {"GET", "/v1/orders/17/changes", bearer(c.mint(testutil.Claims{"aud": "x"})), http.StatusUnauthorized, audience.ReasonAudienceMismatch},
		"a stream":                     {"GET", "/v1/orders/17/changes", good, http.StatusNotImplemented, ""}, // by the gateway
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

// TestIdentityInProcessIsNotBelieved shows that the service finds the caller of the token in
// its context, and nothing that the client wrote about who it is.
func TestIdentityInProcessIsNotBelieved(t *testing.T) { openInProcess(t, wrapped).believesNobody(t) }

// TestGatewayInProcessBypassesInterceptors shows what the documentation warns of: without a
// guard of HTTP, nobody judges these requests, although the server has its interceptors.
func TestGatewayInProcessBypassesInterceptors(t *testing.T) {
	c := openInProcess(t, func(_ *company, next http.Handler) (http.Handler, error) { return next, nil })
	if got := c.ask(t, http.MethodGet, "/v1/orders/17", http.Header{}); got.StatusCode != http.StatusOK {
		t.Errorf("got %s; if the gateway asks interceptors now, the documentation need not warn", got.Status)
	}
}
