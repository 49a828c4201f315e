package interceptor_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// signedBy has the issuer's tokens signed by these algorithms only.
func signedBy(algorithms ...string) func(*access.Matrix) {
	return func(m *access.Matrix) { m.Issuers["corp"] = access.Issuer{URL: corp, Algorithms: algorithms} }
}

// TestSwapNarrowsAlgorithms shows that a new policy which takes fewer algorithms holds
// for the next call, also with a token that was found genuine before, and that one
// which takes more does as well.
func TestSwapNarrowsAlgorithms(t *testing.T) {
	issuer := newIssuer() // signs with ES256
	server := serverOf(t, issuer, company(t))
	conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, &orders{}) })
	token := "Bearer " + issuer.Mint(good(nil))
	for _, row := range []struct {
		name   string
		change func(*access.Matrix)
		want   verdict
	}{
		{"all", signedBy(), verdict{}},
		{"another alone", signedBy("RS256"), verdict{codes.Unauthenticated, audience.ReasonTokenInvalid}},
		{"another, and that", signedBy("RS256", "ES256"), verdict{}},
		{"others", signedBy("EdDSA", "PS256"), verdict{codes.Unauthenticated, audience.ReasonTokenInvalid}},
		{"that alone", signedBy("ES256"), verdict{}},
		{"another in its place", signedBy("ES384"), verdict{codes.Unauthenticated, audience.ReasonTokenInvalid}},
		{"all again", signedBy(), verdict{}},
	} {
		if err := server.Swap(company(t, row.change)); err != nil {
			t.Fatal(err)
		}
		for shape, call := range shapes {
			for range 2 { // the second is judged from memory
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				if got := verdictOf(call(bearing(ctx, token), conn)); got != row.want {
					t.Errorf("%s, %s: %v, want %v", row.name, shape, got, row.want)
				}
				cancel()
			}
		}
	}
}
