package interceptor_test

import (
	"context"
	"crypto/x509"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestSwapWhileOpening shows that a policy which comes while a stream is being
// admitted by the one before it ends that stream before its handler begins.
func TestSwapWhileOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o *reviewServer
		o = newReviewServer(t, func(reviews) error {
			t.Error("the handler began")
			return nil
		}, company(t), interceptor.Revocations(revocations(func(context.Context) error {
			return o.server.Swap(company(t, only("order-status")))
		})))
		want := verdict{codes.PermissionDenied, audience.ReasonClientNotAllowed}
		if err := drain(o.open(t, time.Hour)); verdictOf(err) != want {
			t.Errorf("%v, want %v", err, want)
		}
	})
}

// TestSwapWhileJudging shows that a policy which comes while a stream is judged
// by the one before it sets the stream's end.
func TestSwapWhileJudging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o *reviewServer
		asked, holder := 0, testutil.NewCA().Certificate("holder")
		o = newReviewServer(t, echo, company(t), interceptor.PeerCertificate(func(context.Context) *x509.Certificate {
			if asked++; asked == 2 { // the stream has a lease, and is judged again
				if err := o.server.Swap(company(t, func(m *access.Matrix) {
					m.Issuers["corp"] = access.Issuer{URL: corp, MaxAge: 20 * time.Minute}
				})); err != nil {
					t.Error(err)
				}
			}
			return holder.Leaf
		}))
		stream := o.openWith(t, o.issuer.Mint(testutil.Claims{
			"aud": "human-resource", "sub": "alice", "client_id": "backoffice-portal",
			"cnf": testutil.Claims{"x5t#S256": thumbprint(holder)}, "exp": time.Now().Add(time.Hour).Unix(),
		}))
		confirm(t, stream)
		began := time.Now()
		if err := drain(stream); verdictOf(err) != expired {
			t.Errorf("%v, want %v", err, expired)
		}
		if ran, want := time.Since(began), 20*time.Minute+access.DefaultLeeway; ran != want {
			t.Errorf("the stream ran %v, want %v", ran, want)
		}
	})
}

// TestSwapWithoutRule shows that a stream ends whose method a new policy does not
// know. [interceptor.Server.CheckCoverage] would not have let that policy in.
func TestSwapWithoutRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		o := &reviewServer{issuer: issuer, review: echo, server: newServer(t, issuer, io.Discard, "human-resource")}
		o.conn = testutil.Serve(t, o.server.Options(), func(s *grpc.Server) { hrv1.RegisterHumanResourceServer(s, o) })
		stream := o.open(t, time.Hour)
		confirm(t, stream)
		if err := o.server.Swap(company(t, func(m *access.Matrix) {
			m.Services["human-resource"].Allow[0].Methods = []string{"GetEmployee"}
		})); err != nil {
			t.Fatal(err)
		}
		if got, want := verdictOf(drain(stream)), (verdict{codes.PermissionDenied, audience.ReasonNoPolicy}); got != want {
			t.Errorf("ended with %v, want %v", got, want)
		}
	})
}
