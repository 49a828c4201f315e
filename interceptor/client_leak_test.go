package interceptor_test

import (
	"runtime"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestClosedClientLeavesNoGoroutine shows that clients which were used, swapped and
// closed leave no goroutine: the synctest bubble waits for all.
func TestClosedClientLeavesNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		policy, other := company(t, withSecrets(t)), company(t, withSecrets(t))
		server := serverOf(t, issuer, company(t))
		before := runtime.NumGoroutine()
		for range 1000 {
			client, err := interceptor.NewClient(policy, "customer-portal", interceptor.Transport(issuer.Transport()))
			if err != nil {
				t.Fatal(err)
			}
			if err := client.Swap(other); err != nil {
				t.Error(err)
			}
			client.Close()
		}
		synctest.Wait()
		if after := runtime.NumGoroutine(); after > before {
			t.Errorf("%d goroutines after, %d before", after, before)
		}
		client := newClient(t, issuer, policy, "customer-portal")
		conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, &orders{}) }, client.DialOptions("order-status")...)
		for shape, call := range shapes {
			if err := call(t.Context(), conn); err != nil {
				t.Errorf("%s: %v", shape, err)
			}
		}
	})
}
