package interceptor_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// withSecrets gives the clients of the company secrets in files.
func withSecrets(t testing.TB) func(*access.Matrix) {
	dir := t.TempDir()
	return func(m *access.Matrix) {
		for name, secret := range map[string]string{"customer-portal": "customer-secret", "backoffice-portal": "backoffice-secret", "order-status": "orders-secret"} {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			client := m.Clients[name]
			client.Secret.File = path
			m.Clients[name] = client
		}
		for _, name := range []string{"order-status", "human-resource"} {
			service := m.Services[name]
			service.Allow = slices.Clone(service.Allow)
			m.Services[name] = service
		}
	}
}

func newClient(t testing.TB, issuer *testutil.Issuer, policy *access.Policy, name string, opts ...interceptor.ClientOption) *interceptor.Client {
	t.Helper()
	client, err := interceptor.NewClient(policy, name, append([]interceptor.ClientOption{
		interceptor.Transport(issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// connect returns a connection of the company's servers, behind one guard, made
// with dial.
func connect(t testing.TB, issuer *testutil.Issuer, o *orders, dial ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	server, err := interceptor.NewServer(company(t), interceptor.Services("order-status", "human-resource"),
		interceptor.Transport(issuer.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return testutil.Serve(t, server.Options(), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, o)
		hrv1.RegisterHumanResourceServer(s, humanResource{})
	}, dial...)
}

func employee(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) ([]string, error) {
	resp, err := hrv1.NewHumanResourceClient(conn).GetEmployee(ctx, &hrv1.GetEmployeeRequest{}, opts...)
	return resp.GetCallers(), err
}

// TestClientReadsEverythingInTheMatrix shows that a client needs nothing but the
// matrix for a call, and that one connection may lead to several services.
func TestClientReadsEverythingInTheMatrix(t *testing.T) {
	issuer, served := newIssuer(), &orders{}
	client := newClient(t, issuer, company(t, withSecrets(t)), "backoffice-portal")
	if n := issuer.Requests(testutil.Token); n != 0 {
		t.Errorf("%d token requests before any call", n)
	}
	conn := connect(t, issuer, served, client.DialOptions("order-status", "human-resource")...)
	for shape, call := range shapes {
		if err := call(t.Context(), conn); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
	}
	if callers, err := employee(t.Context(), conn); err != nil || callers[0] != "backoffice-portal" {
		t.Errorf("the other service: %q, %v", callers, err)
	}
	if n := issuer.Requests(testutil.Token); n != 2 {
		t.Errorf("%d token requests for two services, want 2", n)
	}
	var rows []string
	for _, row := range client.Stats() {
		rows = append(rows, row.Audience)
	}
	if want := []string{"human-resource", "order-status"}; !slices.Equal(rows, want) {
		t.Errorf("Snapshot has %q, want %q", rows, want)
	}
}

// TestClientRequestsTheScopesOfItsEntries shows that a client requests the scopes
// that the matrix demands of it.
func TestClientRequestsTheScopesOfItsEntries(t *testing.T) {
	issuer, served := newIssuer(), &orders{}
	issuer.Register(testutil.Client{ID: "customer-portal", Secret: "customer-secret", Audiences: []string{"order-status"}, Scopes: map[string][]string{"order-status": {"orders.read", "orders.write"}}})
	client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal")
	conn := connect(t, issuer, served, client.DialOptions("order-status")...)
	if err := shapes["unary"](t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if got, want := served.callers[0].Scopes, []string{"orders.read"}; !slices.Equal(got, want) {
		t.Errorf("scopes %q, want %q", got, want)
	}
}

// TestPublicMethodIsCalledWithoutAToken shows that a public method is called without a
// token, although the issuer is down.
func TestPublicMethodIsCalledWithoutAToken(t *testing.T) {
	issuer := newIssuer()
	issuer.Down()
	for _, entry := range []string{"grpc.health.v1.Health", "grpc.health.v1.Health/Check"} {
		client := newClient(t, issuer, company(t, withSecrets(t), func(m *access.Matrix) { m.Public = append(m.Public, entry) }), "customer-portal")
		conn := testutil.Serve(t, nil, func(s *grpc.Server) { healthv1.RegisterHealthServer(s, health.NewServer()) }, client.DialOptions("order-status")...)
		if _, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{}); err != nil {
			t.Errorf("%s: %v", entry, err)
		}
		if _, err := healthv1.NewHealthClient(conn).List(t.Context(), &healthv1.HealthListRequest{}); (err == nil) == strings.Contains(entry, "/") {
			t.Errorf("%s: List = %v", entry, err)
		}
	}
	if n := issuer.Requests(testutil.Discovery); n != 0 {
		t.Errorf("the issuer was asked %d times", n)
	}
}

// TestMistakenServiceFailsEachCall shows that each call, and Warm, report a service
// that the client cannot call, before a token is requested.
func TestMistakenServiceFailsEachCall(t *testing.T) {
	issuer, served := newIssuer(), &orders{}
	l := &log{}
	client := newClient(t, issuer, company(t, withSecrets(t), func(m *access.Matrix) {
		m.External = map[string]access.External{"weather": {Clients: []string{"customer-portal"}}}
	}), "customer-portal", interceptor.Logger(slog.New(slog.NewTextHandler(l, nil))))
	for want, names := range map[string][]string{
		`no service "order-statu" in the policy, did you mean "order-status"?`:                                                                             {"order-statu"},
		`the matrix does not let "customer-portal" call "human-resource"; if it should, name customer-portal in an entry of services.human-resource.allow`: {"order-status", "human-resource"},
		`a connection to no service`:     nil,
		`belongs to two of the services`: {"order-status", "order-status"},
		`needs a connection of its own`:  {"order-status", "weather"},
	} {
		for name, options := range map[string]func(...string) []grpc.DialOption{"DialOptions": client.DialOptions, "DialOptionsOnBehalfOf": client.DialOptionsOnBehalfOf, "DialOptionsForward": client.DialOptionsForward} {
			conn := connect(t, issuer, served, options(names...)...)
			for shape, call := range shapes {
				err := call(t.Context(), conn)
				verdicts := map[bool]verdict{true: refusedHere, false: misconfigured}
				if got := verdictOf(err); got != verdicts[name == "DialOptions"] || !strings.Contains(err.Error(), want) {
					t.Errorf("%s %q, %s: %v, want %s", name, names, shape, err, want)
				}
			}
		}
		if !strings.Contains(strings.ReplaceAll(l.String(), `\`, ""), want) {
			t.Errorf("%q: the log does not say %s", names, want)
		}
	}
	conn := connect(t, issuer, served, client.DialOptions("order-status")...)
	if _, err := employee(t.Context(), conn); err == nil || !strings.Contains(err.Error(), `acme.hr.v1.HumanResource/GetEmployee belongs to none of the services`) {
		t.Errorf("a method of another service: %v", err)
	}
	if err := client.Warm(t.Context(), "human-resource"); err == nil || !strings.Contains(err.Error(), "does not let") {
		t.Errorf("Warm = %v", err)
	}
	if n := issuer.Requests(testutil.Token); n != 0 || len(served.callers) != 0 {
		t.Errorf("%d token requests, %d calls", n, len(served.callers))
	}
}

// refusedHere is a call that its client did not send.
var refusedHere = verdict{Code: 16, Reason: audience.ReasonTokenNotObtained}

// misconfigured is such a call for a caller or a user, whom no login helps.
var misconfigured = verdict{Code: 13, Reason: audience.ReasonTokenNotObtained}

// TestNewClientReportsMistakes shows that NewClient reports what would fail
// every call.
func TestNewClientReportsMistakes(t *testing.T) {
	with := func(change func(*access.Client)) *access.Policy {
		return company(t, func(m *access.Matrix) {
			client := m.Clients["customer-portal"]
			change(&client)
			m.Clients["customer-portal"] = client
		})
	}
	t.Setenv("GRPCAUD_TEST_EMPTY", "")
	t.Setenv("GRPCAUD_TEST_NO_KEY", "hunter2")
	secret := with(func(c *access.Client) { c.Secret.File = "secret" })
	for want, make := range map[string]func() (*interceptor.Client, error){
		"no policy":                      func() (*interceptor.Client, error) { return interceptor.NewClient(nil, "customer-portal") },
		`did you mean "customer-portal"`: func() (*interceptor.Client, error) { return interceptor.NewClient(secret, "customer-portl") },
		"does not say how it authenticates": func() (*interceptor.Client, error) {
			return interceptor.NewClient(company(t), "customer-portal")
		},
		"no client of this policy has credentials: for a client without a matrix file, see docs/client.md": func() (*interceptor.Client, error) {
			policy, err := access.ForService(access.Issuer{URL: "https://idp.example.com"}, "orders", []string{"acme.Orders"}, access.Allow{Clients: []string{"portal"}, NoScopes: true})
			if err != nil {
				return nil, err
			}
			return interceptor.NewClient(policy, "portal")
		},
		"environment variable GRPCAUD_TEST_MISSING is missing or empty": func() (*interceptor.Client, error) {
			return interceptor.NewClient(with(func(c *access.Client) { c.Secret.Env = "GRPCAUD_TEST_MISSING" }), "customer-portal")
		},
		"environment variable GRPCAUD_TEST_EMPTY is missing or empty": func() (*interceptor.Client, error) {
			return interceptor.NewClient(with(func(c *access.Client) { c.PrivateKey.Env = "GRPCAUD_TEST_EMPTY" }), "customer-portal")
		},
		"private key": func() (*interceptor.Client, error) {
			return interceptor.NewClient(with(func(c *access.Client) { c.PrivateKey.Env = "GRPCAUD_TEST_NO_KEY" }), "customer-portal")
		},
		"nil option": func() (*interceptor.Client, error) { return interceptor.NewClient(secret, "customer-portal", nil) },
		"nil logger": func() (*interceptor.Client, error) {
			return interceptor.NewClient(secret, "customer-portal", interceptor.Logger(nil))
		},
		"nil meter provider": func() (*interceptor.Client, error) {
			return interceptor.NewClient(secret, "customer-portal", interceptor.MeterProvider(nil))
		},
		"a mesh without a name": func() (*interceptor.Client, error) {
			return interceptor.NewClient(secret, "customer-portal", interceptor.AllowPlaintext(interceptor.Mesh(" ")))
		},
		"bound": func() (*interceptor.Client, error) {
			return interceptor.NewClient(secret, "customer-portal", interceptor.SourceOptions(tokensource.Bound(-1)))
		},
	} {
		client, err := make()
		if err == nil || client != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %v, want an error that says %q", client, err, want)
		}
		secretless(t, want, fmt.Sprint(err), "hunter2")
	}
}

// TestSecretIsReadFromTheEnvironment shows that a secret is read from an
// environment variable.
func TestSecretIsReadFromTheEnvironment(t *testing.T) {
	t.Setenv("GRPCAUD_TEST_SECRET", "customer-secret")
	issuer := newIssuer()
	client := newClient(t, issuer, company(t, func(m *access.Matrix) {
		m.Clients["customer-portal"] = access.Client{Secret: access.SecretRef{Env: "GRPCAUD_TEST_SECRET"}}
	}), "customer-portal")
	if err := client.Warm(t.Context(), "order-status"); err != nil {
		t.Error(err)
	}
}

// TestTokensAreReadFromFiles shows that a client sends the token in the file of each
// service, which another program keeps fresh.
func TestTokensAreReadFromFiles(t *testing.T) {
	issuer, served := newIssuer(), &orders{}
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(issuer.Mint(good(nil))), 0o600); err != nil {
		t.Fatal(err)
	}
	client := newClient(t, issuer, company(t, func(m *access.Matrix) {
		m.Clients["customer-portal"] = access.Client{TokenFiles: map[string]string{"order-status": path}}
		s := m.Services["human-resource"]
		s.Allow[0].Clients = append(s.Allow[0].Clients, "customer-portal")
	}), "customer-portal")
	conn := connect(t, issuer, served, client.DialOptions("order-status")...)
	if err := shapes["unary"](t.Context(), conn); err != nil {
		t.Error(err)
	}
	if err := client.Warm(t.Context(), "human-resource"); err == nil || !strings.Contains(err.Error(), `clients.customer-portal.token_files has no file for "human-resource"`) {
		t.Errorf("a service without a file: %v", err)
	}
}

// TestClosedClientGetsNoToken shows that a closed client gets no token, and may be closed
// again.
func TestClosedClientGetsNoToken(t *testing.T) {
	issuer, served := newIssuer(), &orders{}
	policy := company(t, withSecrets(t))
	client := newClient(t, issuer, policy, "customer-portal")
	conn := connect(t, issuer, served, client.DialOptions("order-status")...)
	for range 2 {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := shapes["unary"](t.Context(), conn); verdictOf(err).Reason != audience.ReasonIssuerUnavailable {
		t.Errorf("a call of a closed client: %v", err)
	}
	if err := client.Swap(policy); err == nil {
		t.Error("Swap opens a closed client")
	}
}

// TestLogNamesClientAndIssuer shows that a failed token request is logged with the client
// and the issuer, and without the secret.
func TestLogNamesClientAndIssuer(t *testing.T) {
	issuer, l := newIssuer(), &log{}
	issuer.Register(testutil.Client{ID: "customer-portal", Secret: "another"})
	client := newClient(t, issuer, company(t, withSecrets(t)), "customer-portal", interceptor.Logger(slog.New(slog.NewTextHandler(l, nil))))
	if err := client.Warm(t.Context(), "order-status"); err == nil {
		t.Fatal("a client with a wrong secret has a token")
	}
	client.Close() // which waits for what is still being logged
	if got, want := l.String(), "client=customer-portal issuer="+issuer.URL(); !strings.Contains(got, want) || strings.Contains(got, "customer-secret") {
		t.Errorf("log: %s, want %s", got, want)
	}
}
