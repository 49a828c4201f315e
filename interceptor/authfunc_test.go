package interceptor_test

import (
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestAuthFunc holds that the auth interceptor of go-grpc-middleware admits and
// refuses as the server's own do.
func TestAuthFunc(t *testing.T) {
	issuer := newIssuer()
	server := guarded(t, issuer, audience.Enforce)
	heard := &orders{}
	conn := testutil.Serve(t, []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(auth.UnaryServerInterceptor(server.AuthFunc)), grpc.ChainStreamInterceptor(auth.StreamServerInterceptor(server.AuthFunc)),
	}, func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, heard) })
	for shape, do := range shapes {
		if err := do(bearing(t.Context(), "Bearer "+issuer.Mint(good(nil))), conn); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
		var trailer metadata.MD
		err := do(bearing(t.Context(), "Bearer "+issuer.Mint(good(testutil.Claims{"aud": "x"}))), conn, grpc.Trailer(&trailer))
		if got, want := verdictOf(err).Reason, audience.ReasonAudienceMismatch; got != want || len(trailer.Get("www-authenticate")) != 1 {
			t.Errorf("%s: %v with trailer %v, want %s and a challenge", shape, err, trailer, want)
		}
	}
	if len(heard.callers) != len(shapes) || heard.callers[0].Service != "customer-portal" {
		t.Errorf("callers = %+v, want the portal in each shape", heard.callers)
	}
	if _, err := server.AuthFunc(arrived(t.Context(), "authorization", "Bearer "+issuer.Mint(good(nil)))); verdictOf(err).Reason != audience.ReasonNoPolicy {
		t.Errorf("outside a call: %v, want %s", err, audience.ReasonNoPolicy)
	}
}
