package docs_test

import (
	"os"
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// company registers the gRPC services that the services of the pages consist of.
var company = map[string]func(*grpc.Server){
	"order-status":   func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, ordersv1.UnimplementedOrderStatusServer{}) },
	"human-resource": func(s *grpc.Server) { hrv1.RegisterHumanResourceServer(s, hrv1.UnimplementedHumanResourceServer{}) },
}

// A server that is guarded by the matrix of a page starts.
func TestEveryMatrixCovers(t *testing.T) {
	for _, p := range pages(t) {
		for _, b := range p.blocks {
			if b.isMatrix() && p.name != quickstart { // whose service is another, with a test of its own
				t.Run(p.name, func(t *testing.T) { covers(t, p.name, b.text) })
			}
		}
	}
}

// covers starts a server for each service of a matrix.
func covers(t *testing.T, name, text string) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("cluster.jwks", []byte(`{"keys": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	policy, err := policyfile.Parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range policy.Services() {
		register, ok := company[service]
		if !ok {
			t.Fatalf("service %q is not one of the company's", service)
		}
		admit, err := interceptor.NewServer(policy, interceptor.Services(service))
		if err != nil {
			t.Fatal(err)
		}
		defer admit.Close()
		srv := grpc.NewServer(admit.Options()...)
		register(srv)
		if err := admit.CheckCoverage(srv); err != nil {
			t.Errorf("%v\nin\n%s", err, text)
		}
	}
}
