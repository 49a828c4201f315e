package interceptor_test

import (
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestClosedMethodIsRefused shows that a closed method refuses every caller as a
// method without a rule does, while "*" and a rollout admit calls of all others, and
// that CheckCoverage accepts it.
func TestClosedMethodIsRefused(t *testing.T) {
	issuer := newIssuer()
	server := serverOf(t, issuer, company(t, func(m *access.Matrix) {
		s := m.Services["order-status"]
		s.Rollout = []access.Rollout{{Mode: access.Observe, Until: time.Now().Add(time.Hour)}}
		s.Closed = []string{"UpdateOrderStatus"}
		m.Services["order-status"] = s
	}), jsonLogger(io.Discard))
	conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, &orders{anyCaller: true})
		if err := server.CheckCoverage(s); err != nil {
			t.Error(err)
		}
	})
	client := ordersv1.NewOrderStatusClient(conn)
	token := issuer.Mint(good(testutil.Claims{"client_id": "backoffice-portal", "azp": "backoffice-portal"}))
	for name, values := range map[string][]string{"with a token": {"Bearer " + token}, "without": nil} {
		ctx := bearing(t.Context(), values...)
		if _, err := client.GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, err := client.UpdateOrderStatus(ctx, &ordersv1.UpdateOrderStatusRequest{})
		if got, want := verdictOf(err), (verdict{codes.PermissionDenied, audience.ReasonNoPolicy}); got != want {
			t.Errorf("%s: the closed method: %v, want %v", name, got, want)
		}
	}
}
