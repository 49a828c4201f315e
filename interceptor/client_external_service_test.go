package interceptor_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestExternalServiceIsCalledLikeAService shows that an API of others is called like
// a service of the matrix, and that an API without gRPC services in the matrix needs
// a connection of its own.
func TestExternalServiceIsCalledLikeAService(t *testing.T) {
	issuer := newIssuer()
	issuer.Register(testutil.Client{ID: "customer-portal", Secret: "customer-secret", Audiences: []string{"urn:weather"}, Scopes: map[string][]string{"urn:weather": {"read", "write"}}})
	g := &gate{script: []audience.Reason{""}}
	client := newClient(t, issuer, company(t, withSecrets(t), func(m *access.Matrix) {
		m.External = map[string]access.External{"weather": {Audience: "urn:weather", Clients: []string{"customer-portal"}, Scopes: []string{"read"}}}
	}), "customer-portal")
	conn := g.serve(t, client.DialOptions("weather")...)
	for shape, call := range shapes {
		if err := call(t.Context(), conn); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
	}
	rows := client.Stats()
	if len(rows) != 1 || rows[0].Audience != "urn:weather" || rows[0].Scope != "read" {
		t.Errorf("tokens for %+v, want one for urn:weather and read", rows)
	}
}

// TestLoopbackIssuerIsAskedOverPlainHTTP shows that an issuer on plain HTTP is asked
// if the matrix says so.
func TestLoopbackIssuerIsAskedOverPlainHTTP(t *testing.T) {
	policy := company(t, withSecrets(t), func(m *access.Matrix) {
		m.Issuers["corp"] = access.Issuer{URL: "http://127.0.0.1:8080", InsecureLoopback: true}
	})
	client, err := interceptor.NewClient(policy, "customer-portal")
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
}
