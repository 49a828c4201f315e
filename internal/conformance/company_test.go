package conformance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// A company is the company of the examples, with one provider as its issuer.
type company struct {
	provider
	site
	path    string // of its access matrix
	policy  *access.Policy
	journal journal
}

// clients are the clients of the examples.
var clients = []string{"customer-portal", "backoffice-portal", "order-status"}

func open(t *testing.T, p provider) *company {
	t.Helper()
	c := &company{provider: p, site: p.open(t, p)}
	for _, client := range clients {
		t.Setenv(strings.ReplaceAll(strings.ToUpper(client), "-", "_")+"_SECRET", c.secrets(client))
	}
	c.path = p.matrix(t, c.Issuer)
	var err error
	if c.policy, err = policyfile.Load(c.path); err != nil {
		t.Fatal(err)
	}
	return c
}

// operations are the HTTP operations of a service in the access matrix, which gRPC alone
// needs not.
var operations = regexp.MustCompile(`    http:\n      operations:\n(?: {8}.*\n)+`)

// matrix writes the access matrix of the examples with this provider as its issuer, and
// returns the path. The clients in further may read orders as well.
func (p provider) matrix(t *testing.T, issuer string) string {
	t.Helper()
	text, err := os.ReadFile("../../examples/backoffice/access.yaml")
	if err != nil {
		t.Fatal(err)
	}
	head := fmt.Sprintf("version: 1\nissuers:\n  corp: {url: %q, preset: %s, insecure: loopback}\n", issuer, p.preset)
	_, rest, found := strings.Cut(operations.ReplaceAllString(string(text), ""), "\nservices:\n")
	for service, with := range map[string]string{
		"  order-status:\n    issuer: corp\n":   "    audience: " + fmt.Sprintf(p.audience, "order-status") + "\n",
		"  human-resource:\n    issuer: corp\n": "    audience: " + fmt.Sprintf(p.audience, "human-resource") + "\n",
		"OrderStatus]\n    allow:\n":            "      - {clients: [auditor, batch, batch-mtls], methods: [GetOrderStatus, WatchOrderStatus], scopes: [orders.read]}\n",
		"HumanResource]\n    allow:\n":          "      - {clients: [auditor], methods: [GetEmployee], scopes: none}\n",
		"\nclients:\n":                          "  auditor: {}\n  batch: {private_key_jwt: {env: BATCH_KEY}}\n  batch-mtls: {mtls: {cert: batch.pem, key: batch.key}}\n",
	} {
		found = found && strings.Contains(rest, service)
		rest = strings.Replace(rest, service, service+with, 1)
	}
	if !found {
		t.Fatalf("got %s, want the matrix of the company", text)
	}
	path := filepath.Join(t.TempDir(), "access.yaml")
	if err := os.WriteFile(path, []byte(head+"services:\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// guard returns the guard of a service. It has no keys yet.
func (c *company) guard(t *testing.T, policy *access.Policy, service string) *interceptor.Server {
	t.Helper()
	admit, err := interceptor.NewServer(policy, interceptor.Services(service), append(c.guards, interceptor.Logger(c.journal.logger()), interceptor.SampleRefused(0))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admit.Close() })
	return admit
}

// serve serves a service behind a guard of its own, and returns a connection.
func (c *company) serve(t *testing.T, service string, dial ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	admit := c.guard(t, c.policy, service)
	return testutil.Serve(t, admit.Options(), func(s *grpc.Server) {
		c.register(t, s, service)
		if err := admit.CheckCoverage(s); err != nil {
			t.Error(err)
		}
	}, dial...)
}

// register adds the implementation of a service. order-status calls human-resource on
// behalf of its caller.
func (c *company) register(t *testing.T, s *grpc.Server, service string) {
	t.Helper()
	if service == "human-resource" {
		hrv1.RegisterHumanResourceServer(s, people{})
		return
	}
	further := c.serve(t, "human-resource", c.client(t, "order-status").DialOptionsOnBehalfOf("human-resource")...)
	ordersv1.RegisterOrderStatusServer(s, orders{people: hrv1.NewHumanResourceClient(further)})
}

// client returns a client of the matrix. It has no tokens yet.
func (c *company) client(t *testing.T, name string) *interceptor.Client {
	t.Helper()
	as, err := interceptor.NewClient(c.policy, name, interceptor.Logger(c.journal.logger()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { as.Close() })
	return as
}

// source returns a source of tokens for a client with a secret, without the matrix.
func (c *company) source(t *testing.T, client string, opts ...tokensource.OAuthOption) *tokensource.Cache {
	t.Helper()
	opts = append([]tokensource.OAuthOption{
		tokensource.Preset(c.preset), tokensource.InsecureHTTP(), tokensource.Logger(c.journal.logger()),
	}, opts...)
	s, err := tokensource.New(c.Issuer, tokensource.ClientCredentials(client, c.secrets(client)), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}
