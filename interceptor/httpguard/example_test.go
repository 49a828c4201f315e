package httpguard_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/httpguard"
	"github.com/grpcaud/grpcaud/testutil"
)

// A service with one operation, of which the handler learns who calls.
func ExampleNew() {
	issuer := testutil.NewIssuer("https://idp.example.com/realms/corp")
	policy, err := access.New(access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: issuer.URL()}},
		Services: map[string]access.Service{"order-status": {
			HTTP:  &access.HTTP{Operations: map[string][]string{"GetOrderStatus": {"GET /v1/orders/{id}"}}},
			Allow: []access.Allow{{Clients: []string{"customer-portal"}, Methods: []string{"GetOrderStatus"}, Scopes: []string{"orders.read"}}},
		}},
		Clients: map[string]access.Client{"customer-portal": {}},
	})
	if err != nil {
		log.Fatal(err)
	}
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"),
		interceptor.Transport(issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		log.Fatal(err)
	}
	defer admit.Close()
	handler, err := httpguard.New(admit, httpguard.Handlers{
		"GetOrderStatus": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			caller, _ := audience.FromContext(r.Context())
			fmt.Fprintf(w, "order %s for %s, by %s\n", r.PathValue("id"), caller.User, caller.Client)
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	srv := httptest.NewTLSServer(handler)
	defer srv.Close()

	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	for _, scope := range []string{"orders.read", "profile"} {
		r, _ := http.NewRequest("GET", srv.URL+"/v1/orders/7", http.NoBody)
		r.Header.Set("X-Request-Id", "example-1")
		r.Header.Set("Authorization", "Bearer "+issuer.Mint(testutil.Claims{"aud": "order-status", "sub": "alice", "client_id": "customer-portal", "scope": scope}))
		resp, err := client.Do(r)
		if err != nil {
			log.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Printf("%d %s", resp.StatusCode, body)
	}
	// Output:
	// 200 order 7 for alice, by customer-portal
	// 403 {"title":"Forbidden","status":403,"detail":"scope insufficient","reason":"SCOPE_INSUFFICIENT","request_id":"example-1"}
}
