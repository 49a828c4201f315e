package interceptor_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestMetricsOfThePolicy shows that metrics tell which policy is in force, how often
// that changed or could not, and how long its rollouts last.
func TestMetricsOfThePolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		counting, reader := meter(t)
		first := company(t, func(m *access.Matrix) {
			orders := m.Services["order-status"]
			orders.Rollout = []access.Rollout{
				{Mode: access.Warn, Until: time.Now().Add(3 * day), Methods: []string{"GetOrderStatus"}},
				{Mode: access.Observe, Until: time.Now().Add(5 * day), Clients: []string{"customer-portal"}},
				{Mode: access.Observe, Until: time.Now().Add(2 * day), Clients: []string{"backoffice-portal"}},
			}
			m.Services["order-status"] = orders
		}).WithGeneration("g-1")
		server := serverOf(t, newIssuer(), first, counting)
		hold := func(want map[string]float64, absent ...string) {
			t.Helper()
			got := counted(t, reader)
			for name, value := range want {
				if n, ok := got["grpcaud.server."+name]; !ok || n != value {
					t.Errorf("%s = %v, %t, want %v", name, n, ok, value)
				}
			}
			for _, name := range absent {
				if n, ok := got["grpcaud.server."+name]; ok {
					t.Errorf("%s = %v, want none", name, n)
				}
			}
		}
		const observe, warn = "rollout.end mode=observe service=order-status", "rollout.end mode=warn service=order-status"
		hold(map[string]float64{"policy.generation generation=g-1": 1, observe: 2 * day.Seconds(), warn: 3 * day.Seconds()})
		time.Sleep(3 * day)
		hold(map[string]float64{observe: 2 * day.Seconds(), warn: 0})
		time.Sleep(3 * day)
		hold(map[string]float64{observe: 0, warn: 0})

		if err := server.Swap(company(t).WithGeneration("g-2")); err != nil {
			t.Fatal(err)
		}
		if err := server.Swap(company(t, func(m *access.Matrix) { delete(m.Services, "order-status") }).WithGeneration("g-3")); err == nil {
			t.Error("a policy without the service is applied")
		}
		_ = server.Swap(nil)
		for _, err := range []error{nil, errors.New("access.yaml:3:1: no such key"), errors.New("again")} {
			server.RecordReload(err)
		}
		hold(map[string]float64{
			"policy.generation generation=g-2": 1, "policy.swaps outcome=applied": 1, "policy.swaps outcome=failed": 2,
			"policy.reloads outcome=applied": 1, "policy.reloads outcome=failed": 2,
		}, "policy.generation generation=g-1", "policy.generation generation=g-3", observe, warn)
	})
}

// TestRecordOfASwapHasThePolicyThatJudged shows that the record of a stream which a new policy
// ends, and those of calls before and after it, name the policy that judged them.
func TestRecordOfASwapHasThePolicyThatJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		records := make(chan decision.Record, 10)
		server := serverOf(t, issuer, company(t).WithGeneration("g-1"), interceptor.DecisionRecords(decision.RecorderFunc(func(_ context.Context, r decision.Record) { records <- r }), decision.Users{}))
		conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, endless{}) })
		ctx, cancel := context.WithTimeout(bearing(t.Context(), "Bearer "+issuer.Mint(good(nil))), time.Hour)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- shapes["stream"](ctx, conn) }()
		synctest.Wait()
		closed := company(t).Matrix()
		s := closed.Services["order-status"]
		s.Allow = s.Allow[:0:0]
		s.Allow = append(s.Allow, access.Allow{Clients: []string{"backoffice-portal"}, Methods: []string{"*"}, NoScopes: true})
		closed.Services["order-status"] = s
		policy, err := access.New(closed)
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Swap(policy.WithGeneration("g-2")); err != nil {
			t.Fatal(err)
		}
		<-done
		_ = shapes["unary"](ctx, conn)
		synctest.Wait()
		close(records)
		var got []string
		for r := range records {
			got = append(got, r.Policy+" "+string(r.Decision))
		}
		if diff := cmp.Diff([]string{"g-1 admitted", "g-2 ended", "g-2 refused"}, got); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
	})
}
