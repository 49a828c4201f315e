package interceptor_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// withOperations gives the order status operations, two of them with the names of methods.
func withOperations(m *access.Matrix) {
	s := m.Services["order-status"]
	s.HTTP = &access.HTTP{Operations: map[string][]string{
		"GetOrderStatus": {"GET /v1/orders/{id}"}, "WatchOrderStatus": {"GET /v1/orders/{id}/watch"}, "Export": {"GET /v1/orders"},
	}}
	s.Allow = append([]access.Allow{{Clients: []string{"customer-portal"}, Methods: []string{"Export"}, NoScopes: true}}, s.Allow...)
	m.Services["order-status"] = s
}

// TestOperationsChangeNothingOverGRPC shows that calls of a service with operations are judged
// as without, that a gRPC server need not have what only HTTP has, and that an operation that
// is public opens the method of its name alone.
func TestOperationsChangeNothingOverGRPC(t *testing.T) {
	issuer := newIssuer()
	tokens := map[string][]string{
		"none": nil, "good": {"Bearer " + issuer.Mint(testutil.Claims{"aud": "order-status", "client_id": "customer-portal", "sub": "alice", "scope": "orders.read"})},
		"for another": {"Bearer " + issuer.Mint(testutil.Claims{"aud": "human-resource", "client_id": "customer-portal", "sub": "alice", "scope": "orders.read"})},
		"no scope":    {"Bearer " + issuer.Mint(testutil.Claims{"aud": "order-status", "client_id": "customer-portal", "sub": "alice"})},
	}
	refused := map[string]verdict{
		"none": {codes.Unauthenticated, audience.ReasonCredentialsMissing}, "good": {},
		"for another": {codes.Unauthenticated, audience.ReasonAudienceMismatch}, "no scope": {codes.PermissionDenied, audience.ReasonScopeInsufficient},
	}
	for name, test := range map[string]struct {
		public []string
		open   string // the shape of the method that is open
	}{
		"guarded":       {},
		"public unary":  {[]string{"order-status/GetOrderStatus"}, "unary"},
		"public stream": {[]string{"order-status/WatchOrderStatus"}, "stream"},
	} {
		server := serverOf(t, issuer, company(t, withOperations, func(m *access.Matrix) {
			m.Public = test.public
			for i := range m.Services["order-status"].Allow {
				allow := &m.Services["order-status"].Allow[i]
				allow.Methods = without(allow.Methods, test.public)
			}
		}))
		conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) {
			ordersv1.RegisterOrderStatusServer(s, &orders{anyCaller: true})
			if err := server.CheckCoverage(s); err != nil {
				t.Error(name, err)
			}
		})
		for shape, call := range shapes {
			for what, token := range tokens {
				want := refused[what]
				if shape == test.open {
					want = verdict{}
				}
				if got := verdictOf(call(bearing(t.Context(), token...), conn)); got != want {
					t.Errorf("%s, %s, %s: %+v, want %+v", name, shape, what, got, want)
				}
			}
		}
	}
}

// without returns the methods that no entry of public names.
func without(methods, public []string) []string {
	var left []string
	for _, method := range methods {
		if !strings.Contains(strings.Join(public, " ")+" ", "/"+method+" ") {
			left = append(left, method)
		}
	}
	return left
}

// TestServiceWithoutGRPCIsNotDialled shows that no gRPC connection carries the token for a
// service that is called over HTTP alone.
func TestServiceWithoutGRPCIsNotDialled(t *testing.T) {
	policy := company(t, withSecrets(t), func(m *access.Matrix) {
		s := m.Services["order-status"]
		s.GRPC, s.HTTP, s.Allow = nil, &access.HTTP{Operations: map[string][]string{"GetOrderStatus": {"GET /v1/orders/{id}"}}}, s.Allow[1:]
		s.Allow[0].Clients = []string{"customer-portal"}
		m.Services["order-status"] = s
	})
	client := newClient(t, newIssuer(), policy, "customer-portal")
	conn := testutil.Serve(t, nil, func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, &orders{anyCaller: true}) }, client.DialOptions("order-status")...)
	for shape, call := range shapes {
		if err := call(t.Context(), conn); err == nil || !strings.Contains(err.Error(), `the matrix has no gRPC service of "order-status": it is called over HTTP alone`) {
			t.Errorf("%s: %v", shape, err)
		}
	}
}
