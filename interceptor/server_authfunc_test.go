package interceptor_test

import (
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestAuthFuncDecidesAsTheInterceptors shows that the auth interceptor of
// go-grpc-middleware admits and refuses as the server's own do.
func TestAuthFuncDecidesAsTheInterceptors(t *testing.T) {
	issuer := newIssuer()
	written := &log{}
	counting, reader := meter(t)
	server := guarded(t, issuer, access.Enforce, jsonLogger(written), counting)
	authenticate, err := server.AuthFunc(interceptor.InsecureNoLeases{})
	if err != nil {
		t.Fatal(err)
	}
	heard := &orders{}
	conn := testutil.Serve(t, []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(auth.UnaryServerInterceptor(authenticate)), grpc.ChainStreamInterceptor(auth.StreamServerInterceptor(authenticate)),
	}, func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, heard)
		if err := server.CheckCoverage(s); err != nil {
			t.Errorf("AuthFunc is no hand-out: %v", err)
		}
	})
	if got := lines(t, written); len(got) != 1 || got[0]["level"] != "WARN" || got[0]["option"] != "AuthFunc(InsecureNoLeases)" {
		t.Errorf("lines %v, want the warning", got)
	}
	if counted(t, reader)["grpcaud.insecure option=AuthFunc(InsecureNoLeases)"] != 1 {
		t.Errorf("counts %v, want the insecure option", counted(t, reader))
	}
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
	for _, line := range lines(t, written) {
		if _, told := line["stream"]; told {
			t.Errorf("line %v, want no word of the shape, which AuthFunc is not told", line)
		}
	}
	if len(heard.callers) != len(shapes) || heard.callers[0].Client != "customer-portal" {
		t.Errorf("callers = %+v, want the portal in each shape", heard.callers)
	}
	if _, err := authenticate(arrived(t.Context(), "authorization", "Bearer "+issuer.Mint(good(nil)))); verdictOf(err).Reason != audience.ReasonNoPolicy {
		t.Errorf("outside a call: %v, want %s", err, audience.ReasonNoPolicy)
	}
}
