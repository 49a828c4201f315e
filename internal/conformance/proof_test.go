package conformance_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// privateKey makes the client batch authenticate with its key, and with another.
func privateKey(t *testing.T, c *company) {
	for want, key := range map[string]*testutil.Key{
		"admitted":           c.key,
		"TOKEN_NOT_OBTAINED": testutil.NewKey("ES256").As(c.key.ID(), "ES256"),
	} {
		t.Setenv("BATCH_KEY", string(pemOf(t, key.Private())))
		conn := c.serve(t, "order-status", c.client(t, "batch").DialOptions("order-status")...)
		if got := getOrderStatus.call(t, conn); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// mutualTLS makes the client batch-mtls authenticate with a certificate, at the provider
// and at order-status: its tokens are refused over any other connection.
func mutualTLS(t *testing.T, c *company) {
	proof := c.CA.Certificate("batch-mtls")
	c.write(t, "batch.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proof.Certificate[0]}))
	c.write(t, "batch.key", pemOf(t, proof.PrivateKey))
	as, err := interceptor.NewClient(c.policyWith(t, func(issuer *access.Issuer) {
		if c.tokens != "" {
			issuer.TokenURL = c.TLS + c.tokens
		}
	}), "batch-mtls", interceptor.Logger(c.journal.logger()),
		interceptor.Transport(&http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: c.CA.Pool()}}))
	if err != nil {
		t.Fatal(err)
	}
	defer as.Close()
	for _, row := range []struct {
		name         string
		certificates []tls.Certificate
		want, cause  string
	}{
		{"its own certificate", []tls.Certificate{proof}, "admitted", ""},
		{"another one", []tls.Certificate{c.CA.Certificate("batch-mtls")}, "TOKEN_INVALID", "BINDING_MISMATCH"},
		{"none", nil, "TOKEN_INVALID", "BINDING_MISMATCH"},
	} {
		c.journal.cause()
		got := getOrderStatus.call(t, c.overTLS(t, row.certificates, as.DialOptions("order-status")...))
		if cause := c.journal.cause(); got != row.want || cause != row.cause {
			t.Errorf("with %s: got %s (%s), want %s (%s)", row.name, got, cause, row.want, row.cause)
		}
	}
}

// overTLS serves order-status to a client that presents these certificates.
func (c *company) overTLS(t *testing.T, certificates []tls.Certificate, dial ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	admit, ca := c.guard(t, c.policy, "order-status"), testutil.NewCA()
	server := &tls.Config{
		Certificates: []tls.Certificate{ca.Certificate(testutil.ServerName)},
		ClientAuth:   tls.VerifyClientCertIfGiven, ClientCAs: c.CA.Pool(),
	}
	client := &tls.Config{RootCAs: ca.Pool(), Certificates: certificates}
	return testutil.Serve(t, append(admit.Options(), grpc.Creds(credentials.NewTLS(server))), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, orders{})
	}, append(dial, grpc.WithTransportCredentials(credentials.NewTLS(client)))...)
}

// introspection makes order-status ask the provider about each token.
func introspection(t *testing.T, c *company) {
	token, err := c.ask(t.Context(), t, c.asked)
	if err != nil {
		t.Fatal(err)
	}
	admit := c.guard(t, c.policyWith(t, func(issuer *access.Issuer) {
		issuer.Introspection = access.Introspection{ClientID: "order-status", Secret: access.SecretRef{Env: "ORDER_STATUS_SECRET"}}
	}), "order-status")
	conn := testutil.Serve(t, admit.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, orders{}) })
	c.want(t, conn, token.Reveal(), "admitted", "")
	c.want(t, conn, "of-somebody-else", "TOKEN_INVALID", "TOKEN_INACTIVE")
}

// policyWith returns the policy with another configuration of its issuer.
func (c *company) policyWith(t *testing.T, change func(*access.Issuer)) *access.Policy {
	t.Helper()
	m := c.policy.Matrix()
	issuer := m.Issuers["corp"]
	change(&issuer)
	m.Issuers["corp"] = issuer
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// write writes a file beside the access matrix.
func (c *company) write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(filepath.Dir(c.path), name), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func pemOf(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
