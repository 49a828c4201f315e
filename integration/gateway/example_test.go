package gateway_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	ordersgw "github.com/grpcaud/grpcaud/integration/gateway/acme/orders/v1"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/httpguard"
	"github.com/grpcaud/grpcaud/testutil"
)

// A gateway that calls the service in its own process needs a guard of HTTP around it: no
// interceptor sees its calls.
func Example() {
	issuer := testutil.NewIssuer(issuerURL)
	policy, err := policyfile.Parse("access.yaml", []byte(matrix))
	if err != nil {
		log.Fatal(err)
	}
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Transport(issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		log.Fatal(err)
	}
	defer admit.Close()
	mux := runtime.NewServeMux()
	if err := ordersgw.RegisterOrderStatusHandlerServer(context.Background(), mux, &orders{}); err != nil {
		log.Fatal(err)
	}
	handler, err := httpguard.Wrap(admit, mux)
	if err != nil {
		log.Fatal(err)
	}
	srv := httptest.NewTLSServer(handler)
	defer srv.Close()

	for _, scope := range []string{"orders.read", "orders.write"} {
		r, err := http.NewRequest(http.MethodGet, srv.URL+"/v1/orders/17", http.NoBody)
		if err != nil {
			log.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+issuer.Mint(testutil.Claims{"aud": "order-status", "client_id": "customer-portal", "sub": "ada", "scope": scope}))
		answer, err := srv.Client().Do(r)
		if err != nil {
			log.Fatal(err)
		}
		answer.Body.Close()
		fmt.Println(scope, answer.StatusCode)
	}
	// Output:
	// orders.read 200
	// orders.write 403
}
