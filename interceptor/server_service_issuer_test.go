package interceptor_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestIssuerOfAnotherService shows that a token of an issuer which only another
// service of the server accepts is refused for that at once, though the issuer
// is down or is to be asked about tokens.
func TestIssuerOfAnotherService(t *testing.T) {
	for name, row := range map[string]struct {
		partner access.Issuer
		token   func(*testutil.Issuer) string
	}{
		"a JWT, keys not at hand": {access.Issuer{}, func(i *testutil.Issuer) string { return i.Mint(good(nil)) }},
		"a JWT to be asked about": {askedAbout, func(i *testutil.Issuer) string { return i.Mint(good(nil)) }},
		"an opaque token": {askedAbout, func(i *testutil.Issuer) string {
			return i.User("customer-portal", "alice", "order-status", "orders.read")
		}},
	} {
		for shape, call := range shapes {
			t.Run(name+"/"+shape, func(t *testing.T) {
				t.Setenv("PARTNER_SECRET", "secret")
				synctest.Test(t, func(t *testing.T) {
					issuer, partner := newIssuer(), testutil.NewIssuer(partnerURL)
					partner.Register(testutil.Client{ID: "customer-portal", Secret: "x", Opaque: true})
					l := &log{}
					server := serverOfBoth(t, row.partner, interceptor.Transport(issuer.Transport(partner)), interceptor.Logger(slog.New(slog.NewTextHandler(l, nil))))
					conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) {
						ordersv1.RegisterOrderStatusServer(s, &orders{})
						hrv1.RegisterHumanResourceServer(s, humanResource{})
					})
					token := row.token(partner)
					partner.Down()
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
					defer cancel()
					began := time.Now()
					err := call(bearing(ctx, "Bearer "+token), conn)
					if got, want := verdictOf(err), (verdict{codes.Unauthenticated, audience.ReasonTokenInvalid}); got != want {
						t.Errorf("refused with %v, want %v", got, want)
					}
					if took := time.Since(began); took != 0 {
						t.Errorf("refused after %v", took)
					}
					if text := l.String(); !strings.Contains(text, string(audience.CauseIssuerNotAccepted)) {
						t.Errorf("the log does not tell the cause: %s", text)
					}
					if n := partner.Requests(testutil.Discovery) + partner.Requests(testutil.JWKS) + partner.Requests(testutil.Introspection); n != 0 {
						t.Errorf("the partner was asked %d times", n)
					}
					if err := call(bearing(ctx, "Bearer "+issuer.Mint(good(nil))), conn); err != nil {
						t.Errorf("a token of the issuer that counts: %v", err)
					}
				})
			})
		}
	}
}

var askedAbout = access.Issuer{Introspection: access.Introspection{URL: partnerURL + "/introspect", ClientID: "order-status", Secret: access.SecretRef{Env: "PARTNER_SECRET"}}}

// serverOfBoth returns a server of the orders, which accept corp, and of the human
// resources, which accept the partner.
func serverOfBoth(t *testing.T, partner access.Issuer, opts ...interceptor.ServerOption) *interceptor.Server {
	t.Helper()
	partner.URL = partnerURL
	policy := company(t, func(m *access.Matrix) {
		m.Issuers["partner"] = partner
		for name, issuer := range map[string]string{"order-status": "corp", "human-resource": "partner"} {
			service := m.Services[name]
			service.Issuers = []string{issuer}
			m.Services[name] = service
		}
		for name := range m.Clients {
			m.Clients[name] = access.Client{Issuer: "corp"}
		}
		m.Clients["partner-portal"] = access.Client{Issuer: "partner"}
		hr := m.Services["human-resource"]
		hr.Allow = []access.Allow{{Clients: []string{"partner-portal"}, Methods: []string{"*"}, NoScopes: true}}
		m.Services["human-resource"] = hr
	})
	server, err := interceptor.NewServer(policy, interceptor.Services("order-status", "human-resource"), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}
