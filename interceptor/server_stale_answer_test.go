package interceptor_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestOpaqueTokenInOutage shows that a token which was active a moment ago is
// admitted while its issuer is down, for a bounded time, and that the metrics
// show it; and that a new token is told to come again.
func TestOpaqueTokenInOutage(t *testing.T) {
	for shape, call := range shapes {
		t.Run(shape, func(t *testing.T) {
			t.Setenv("PARTNER_SECRET", "orders-secret")
			synctest.Test(t, func(t *testing.T) {
				issuer := testutil.NewIssuer(corp)
				issuer.Register(testutil.Client{ID: "customer-portal", Secret: "x", Opaque: true})
				issuer.Register(testutil.Client{ID: "order-status", Secret: "orders-secret"})
				counting, reader := meter(t)
				server := serverOf(t, issuer, company(t, func(m *access.Matrix) {
					m.Issuers["corp"] = access.Issuer{URL: corp, Introspection: access.Introspection{ClientID: "order-status", Secret: access.SecretRef{Env: "PARTNER_SECRET"}}}
				}), counting)
				conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, &orders{}) })
				bear := func(token string) verdict {
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
					defer cancel()
					return verdictOf(call(bearing(ctx, "Bearer "+token), conn))
				}
				token := func() string { return issuer.User("customer-portal", "alice", "order-status", "orders.read") }
				known, admitted, unavailable := token(), verdict{}, verdict{codes.Unavailable, audience.ReasonIssuerUnavailable}
				expect := func(what, token string, want verdict, stale float64) {
					t.Helper()
					if got := bear(token); got != want {
						t.Errorf("%s: %v, want %v", what, got, want)
					}
					if n := counted(t, reader)["grpcaud.server.introspection.stale issuer="+corp]; n != stale {
						t.Errorf("%s: %v stale answers counted, want %v", what, n, stale)
					}
				}
				expect("active", known, admitted, 0)
				issuer.Down()
				expect("known, down", known, admitted, 0)
				expect("new, down", token(), unavailable, 0)
				time.Sleep(31 * time.Second)
				expect("active a moment ago", known, admitted, 1)
				time.Sleep(time.Minute)
				expect("active too long ago", known, unavailable, 1)
			})
		})
	}
}
