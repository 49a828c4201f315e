package interceptor_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestObservedServiceWithoutEntriesIsRecorded shows that the records have what an entry
// can be made of, and that the server may start.
func TestObservedServiceWithoutEntriesIsRecorded(t *testing.T) {
	issuer := newIssuer()
	records := make(chan decision.Record, 2)
	server := serverOf(t, issuer, company(t, observedWithoutEntries...), jsonLogger(io.Discard),
		interceptor.DecisionRecords(decision.RecorderFunc(func(_ context.Context, r decision.Record) { records <- r }), decision.LeftOutUsers()))
	conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, &orders{anyCaller: true})
		if err := server.CheckCoverage(s); err != nil {
			t.Error(err)
		}
	})
	for shape, call := range shapes {
		ctx, cancel := context.WithTimeout(bearing(t.Context(), "Bearer "+issuer.Mint(good(nil))), 10*time.Second)
		defer cancel()
		if err := call(ctx, conn); err != nil {
			t.Fatalf("%s: %v", shape, err)
		}
		r := <-records
		got := []string{r.Service, r.Issuer, strings.Join(r.Audience, " "), r.Client, string(r.Caller), strings.Join(r.Scopes, " "), string(r.Decision), r.Mode, r.Cause, r.Entry}
		want := []string{"order-status", corp, "order-status", "customer-portal", "user", "orders.read", "would_refuse", "observe", "METHOD_WITHOUT_RULE", ""}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: the record (-want +got):\n%s", shape, diff)
		}
	}
}

// TestRolloutWithoutEntriesEnds shows that calls, and streams that run, are refused from
// the moment on at which the rollout ends, and that no server starts afterwards.
func TestRolloutWithoutEntriesEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := company(t, observed, func(m *access.Matrix) {
			s := m.Services["human-resource"]
			s.Allow = nil
			m.Services["human-resource"] = s
		})
		o := newReviewServer(t, echo, policy)
		time.Sleep(20 * time.Second) // the rollout ends between two minutes of the stream
		ctx, cancel := context.WithTimeout(bearing(t.Context(), "Bearer "+o.mint(3*time.Hour)), 3*time.Hour)
		defer cancel()
		hr := hrv1.NewHumanResourceClient(o.conn)
		stream, err := hr.ReviewEmployees(ctx)
		if err != nil {
			t.Fatal(err)
		}
		confirm(t, stream)
		_, ended := stream.Recv() // an hour later
		if late := time.Since(policy.Matrix().Services["human-resource"].Rollout[0].Until); late < 0 || late > 2*time.Second {
			t.Errorf("the stream ended %v after the rollout, want at most 2 seconds", late)
		}
		_, unary := hr.GetEmployee(ctx, &hrv1.GetEmployeeRequest{})
		bare, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, tokenless := hr.GetEmployee(bare, &hrv1.GetEmployeeRequest{})
		for what, err := range map[string]error{"the stream": ended, "a call": unary, "a call without a token": tokenless} {
			if got, want := verdictOf(err), (verdict{codes.PermissionDenied, audience.ReasonNoPolicy}); got != want {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		guard, err := policy.Guard("human-resource")
		if err != nil {
			t.Fatal(err)
		}
		if err := guard.CheckCoverage([]string{"/acme.hr.v1.HumanResource/GetEmployee"}); err == nil || !strings.Contains(err.Error(), "has no rule") {
			t.Errorf("a server that starts now: %v, want an error about a method without a rule", err)
		}
	})
}
