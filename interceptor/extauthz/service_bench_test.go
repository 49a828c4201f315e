package extauthz_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/extauthz"
	"github.com/grpcaud/grpcaud/testutil"
)

// BenchmarkCheck measures the answer about a call whose token is in the cache, without the
// way from and to Envoy.
func BenchmarkCheck(b *testing.B) {
	policy, err := access.New(company())
	if err != nil {
		b.Fatal(err)
	}
	w := &world{issuer: testutil.NewIssuer(corp)}
	guard, err := interceptor.NewServer(policy, interceptor.Services("order-status", "human-resource"), interceptor.Transport(w.issuer.Transport()))
	if err != nil {
		b.Fatal(err)
	}
	defer guard.Close()
	service, err := extauthz.New(guard)
	if err != nil {
		b.Fatal(err)
	}
	request := orders(w.portal(nil)).with("user-agent", "grpc-go", "x-request-id", "r1", "te", "trailers").request()
	b.ReportAllocs()
	for b.Loop() {
		if answer, err := service.Check(b.Context(), request); err != nil || answer.GetOkResponse() == nil {
			b.Fatal(answer, err)
		}
	}
}
