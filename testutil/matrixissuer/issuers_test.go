package matrixissuer_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
)

const matrix = `
version: 1
issuers:
  corp: {url: "https://idp.example.com/realms/corp", preset: keycloak}
services:
  order-status:
    grpc: [acme.orders.v1.OrderStatus]
    allow:
      - {clients: [customer-portal, backoffice-portal], methods: [GetOrderStatus, WatchOrderStatus], scopes: [orders.read]}
      - {clients: [backoffice-portal], methods: [UpdateOrderStatus], any_scopes: [orders.write, orders.admin], roles: [orders/clerk]}
  human-resource:
    audience: [https://hr.example.com, hr]
    grpc: [acme.hr.v1.HumanResource]
    allow:
      - {clients: [order-status], methods: [GetEmployee], scopes: none, callers: users}
clients:
  customer-portal: {id: "6f1c", secret: {file: /nowhere}}
  backoffice-portal: {secret: {env: BACKOFFICE}}
  order-status: {mtls: {cert: /nowhere, key: /nowhere}}
  stranger: {}
`

// issuersFor returns the issuers of a matrix, with its secrets in the environment.
func issuersFor(t *testing.T, text string, opts ...matrixissuer.Option) *matrixissuer.Issuers {
	t.Helper()
	policy, err := policyfile.Parse("access.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	issuers, err := matrixissuer.For(policy, opts...)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range issuers.Environment() {
		t.Setenv(name, secret)
	}
	return issuers
}

var quiet = interceptor.Logger(slog.New(slog.DiscardHandler))

// company is the two services, guarded by the policy of the issuers.
type company struct {
	issuers *matrixissuer.Issuers
	conns   map[string]*grpc.ClientConn // by client, to order-status
}

type orders struct {
	ordersv1.UnimplementedOrderStatusServer
	people hrv1.HumanResourceClient
}

// GetOrderStatus answers with who calls.
func (o orders) GetOrderStatus(ctx context.Context, _ *ordersv1.GetOrderStatusRequest) (*ordersv1.GetOrderStatusResponse, error) {
	caller, _ := audience.FromContext(ctx)
	if caller.User != "" && o.people != nil {
		if _, err := o.people.GetEmployee(ctx, &hrv1.GetEmployeeRequest{}); status.Code(err) != codes.Unimplemented {
			return nil, err
		}
	}
	return &ordersv1.GetOrderStatusResponse{Clerk: caller.Client + " " + caller.User}, nil
}

func (o orders) UpdateOrderStatus(context.Context, *ordersv1.UpdateOrderStatusRequest) (*ordersv1.UpdateOrderStatusResponse, error) {
	return &ordersv1.UpdateOrderStatusResponse{}, nil
}

func (o orders) WatchOrderStatus(_ *ordersv1.WatchOrderStatusRequest, s grpc.ServerStreamingServer[ordersv1.WatchOrderStatusResponse]) error {
	return s.Send(&ordersv1.WatchOrderStatusResponse{})
}

// open returns a connection to order-status for each client that may call it.
func open(t *testing.T, issuers *matrixissuer.Issuers) company {
	t.Helper()
	c := company{issuers, map[string]*grpc.ClientConn{}}
	for name := range issuers.Policy().Matrix().Clients {
		if _, err := issuers.Policy().Target(name, "order-status"); err == nil {
			c.conns[name] = testutil.Serve(t, c.guard(t, "order-status"), func(s *grpc.Server) {
				ordersv1.RegisterOrderStatusServer(s, orders{})
			}, c.client(t, name).DialOptions("order-status")...)
		}
	}
	return c
}

func (c company) guard(t *testing.T, service string) []grpc.ServerOption {
	t.Helper()
	admit, err := interceptor.NewServer(c.issuers.Policy(), interceptor.Services(service), interceptor.Transport(c.issuers.Transport()), quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admit.Close() })
	return admit.Options()
}

func (c company) client(t *testing.T, name string) *interceptor.Client {
	t.Helper()
	as, err := interceptor.NewClient(c.issuers.Policy(), name, interceptor.Transport(c.issuers.Transport()), quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { as.Close() })
	return as
}

// TestIssuerForGrantsWhatTheMatrixAllows makes calls with the tokens of two clients, unary
// and streaming.
func TestIssuerForGrantsWhatTheMatrixAllows(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c := open(t, issuersFor(t, matrix))
	for client, want := range map[string]map[string]codes.Code{
		"customer-portal":   {"get": codes.OK, "watch": codes.OK, "update": codes.PermissionDenied},
		"backoffice-portal": {"get": codes.OK, "watch": codes.OK, "update": codes.OK},
	} {
		api := ordersv1.NewOrderStatusClient(c.conns[client])
		answer, err := api.GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{})
		if id := c.issuers.Policy().Matrix().Clients[client].ID; err == nil && answer.GetClerk() != id+" " {
			t.Errorf("%s called as %q, want itself", client, answer.GetClerk())
		}
		_, updateErr := api.UpdateOrderStatus(ctx, &ordersv1.UpdateOrderStatusRequest{})
		stream, watchErr := api.WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{})
		if watchErr == nil {
			_, watchErr = stream.Recv()
		}
		got := map[string]codes.Code{"get": status.Code(err), "watch": status.Code(watchErr), "update": status.Code(updateErr)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%v %v %v", client, diff, err, watchErr, updateErr)
		}
	}
}

// TestIssuerForExchanges follows a user's call over two services.
func TestIssuerForExchanges(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	issuers := issuersFor(t, matrix)
	c := open(t, issuers)
	token := issuers.Issuer("corp").User("6f1c", "alice", "order-status", "orders.read")
	hr := testutil.Serve(t, c.guard(t, "human-resource"), func(s *grpc.Server) {
		hrv1.RegisterHumanResourceServer(s, hrv1.UnimplementedHumanResourceServer{})
	}, c.client(t, "order-status").DialOptionsOnBehalfOf("human-resource")...)
	conn := testutil.Serve(t, c.guard(t, "order-status"), func(s *grpc.Server) {
		ordersv1.RegisterOrderStatusServer(s, orders{people: hrv1.NewHumanResourceClient(hr)})
	}, grpc.WithPerRPCCredentials(bearer(token)))
	answer, err := ordersv1.NewOrderStatusClient(conn).GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{})
	if err != nil || answer.GetClerk() != "6f1c alice" {
		t.Errorf("got %q, %v; want the call of alice", answer.GetClerk(), err)
	}
}

// bearer is a token that each call carries.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return true }

// TestIssuerForRefusesWhatTheMatrixDoesNotAllow asks with the wrong client, audience and
// scope.
func TestIssuerForRefusesWhatTheMatrixDoesNotAllow(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	issuers := issuersFor(t, matrix)
	env := issuers.Environment()
	for _, row := range []struct{ name, id, secret, form, want string }{
		{"a service of others", "6f1c", env["CUSTOMER_PORTAL_SECRET"], "audience=hr", "invalid_target"},
		{"a scope of others", "6f1c", env["CUSTOMER_PORTAL_SECRET"], "audience=order-status&scope=orders.write", "invalid_scope"},
		{"a client that may call nothing", "stranger", env["STRANGER_SECRET"], "audience=order-status", "invalid_target"},
		{"the secret of others", "stranger", env["BACKOFFICE"], "audience=order-status", "invalid_client"},
		{"no secret", "stranger", "", "audience=order-status", "invalid_client"},
		{"an exchange for a service of others", "backoffice-portal", env["BACKOFFICE"], exchange(issuers, "backoffice-portal"), "invalid_target"},
		{"an exchange of what is for others", "order-status", env["ORDER_STATUS_SECRET"], exchange(issuers, "hr"), "invalid_grant"},
		{"introspection that nobody asked for", "stranger", env["STRANGER_SECRET"], "introspect", "404"},
	} {
		if got := ask(ctx, t, issuers, row.id, row.secret, row.form); !strings.Contains(got, row.want) {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
	if len(env) != 4 || slices.Contains(slices.Collect(maps.Values(env)), "") {
		t.Errorf("environment = %q, want four secrets", slices.Sorted(maps.Keys(env)))
	}
}

// exchange is the form of an exchange of a user's token for aud.
func exchange(issuers *matrixissuer.Issuers, aud string) string {
	return "grant=exchange&audience=hr&subject_token_type=urn:ietf:params:oauth:token-type:access_token&subject_token=" +
		issuers.Issuer("corp").User("6f1c", "alice", aud)
}

// presetMatrix has one client with scopes, roles and a claim, under a preset.
const presetMatrix = `
version: 1
issuers:
  corp: {url: "https://idp.example.com", preset: %s}
services:
  order-status:
    grpc: [acme.orders.v1.OrderStatus]
    allow:
      - {clients: [portal], methods: ["*"], scopes: [orders/read], claims: {department: [sales]}}
clients:
  portal: {id: "spiffe://acme.example/portal"}
`

// TestIssuerForWritesEveryPreset reads the tokens of each preset as a server reads them.
func TestIssuerForWritesEveryPreset(t *testing.T) {
	for _, name := range claims.Presets() {
		t.Run(name, func(t *testing.T) {
			text := fmt.Sprintf(presetMatrix, name)
			if name == "firebase" { // whose tokens name no client
				text = strings.Replace(strings.Replace(text, "[portal]", "any", 1), "{department: [sales]}", "{sub: [alice]}", 1)
			}
			issuers := issuersFor(t, text, matrixissuer.Users(testutil.User{Name: "alice", Roles: []string{"clerk"}}))
			entry := issuers.Policy().Matrix().Issuers["corp"]
			preset := entry.TokenPreset()
			c := open(t, issuersFor(t, text))
			_, err := ordersv1.NewOrderStatusClient(c.conns["portal"]).GetOrderStatus(t.Context(), &ordersv1.GetOrderStatusRequest{})
			if serviceHasScopes := !strings.HasPrefix(name, "entra") && name != "dex" && name != "firebase"; (status.Code(err) == codes.OK) != serviceHasScopes {
				t.Errorf("the client as itself: %v", err)
			}
			for _, scopes := range [][]string{{"orders/read"}, nil} {
				token := issuers.Issuer("corp").User("spiffe://acme.example/portal", "alice", "order-status", scopes...)
				payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
				read, err := preset.Claims(payload)
				if err != nil {
					t.Fatalf("%v in %s", err, payload)
				}
				if read.IsService() || read.Subject() != "alice" || read.Client() != "spiffe://acme.example/portal" {
					t.Errorf("the user's token is read as of a service: %s", payload)
				}
				if preset.HasRoles() && !read.HasRole("clerk") || name != "dex" && !slices.Equal(read.Scopes(), scopes) {
					t.Errorf("scopes %q and roles %q, want %q and clerk in %s", read.Scopes(), read.Roles(), scopes, payload)
				}
			}
		})
	}
}

// dialect is a preset that the matrix describes, with what stands inside of objects.
const dialect = `
    preset:
      types: [none]
      client: /app/id
      caller_claims: [team]
      subject: /who/name
      subject_prefix: "u:"
      required: [jti, /app/id]
      values: {/app/kind: access}
      scopes: /app/scopes
      roles: /realm/roles
      services: [{equal: {/app/self: "{client}"}, absent: [sid]}]
      audiences: granted
      ask: resource`

// TestIssuerForWritesADialect reads the tokens of a preset that the matrix describes.
func TestIssuerForWritesADialect(t *testing.T) {
	text := strings.Replace(fmt.Sprintf(presetMatrix, "X"), "{url: \"https://idp.example.com\", preset: X}", "\n    url: https://idp.example.com"+dialect, 1)
	issuers := issuersFor(t, text, matrixissuer.Users(testutil.User{Name: "alice", Roles: []string{"clerk"}}))
	c := open(t, issuers)
	if _, err := ordersv1.NewOrderStatusClient(c.conns["portal"]).GetOrderStatus(t.Context(), &ordersv1.GetOrderStatusRequest{}); err != nil {
		t.Errorf("the client as itself: %v", err)
	}
	token := issuers.Issuer("corp").User("spiffe://acme.example/portal", "alice", "order-status", "orders/read")
	payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	read, err := issuers.Policy().Matrix().Issuers["corp"].TokenPreset().Claims(payload)
	if err != nil {
		t.Fatalf("%v in %s", err, payload)
	}
	if read.IsService() || read.Subject() != "u:alice" || read.Client() != "spiffe://acme.example/portal" || !read.HasScope("orders/read") || !read.HasRole("clerk") {
		t.Errorf("the user's token is not read as hers: %s", payload)
	}
}

// TestIssuerForFollowsAPolicy shows what stays and what ends when the policy changes.
func TestIssuerForFollowsAPolicy(t *testing.T) {
	issuers := issuersFor(t, matrix)
	before, corp := issuers.Environment(), issuers.Issuer("corp")
	policy, err := policyfile.Parse("access.yaml", []byte(strings.ReplaceAll(strings.Replace(matrix, "  stranger: {}\n", "  newcomer: {}\n", 1), "customer-portal, ", "newcomer, customer-portal, ")))
	if err != nil {
		t.Fatal(err)
	}
	if err := issuers.Swap(policy); err != nil {
		t.Fatal(err)
	}
	after := issuers.Environment()
	if issuers.Issuer("corp") != corp || after["BACKOFFICE"] != before["BACKOFFICE"] || after["STRANGER_SECRET"] != "" {
		t.Errorf("secrets or keys have changed, or stay of who has gone: %v", after)
	}
	if got := ask(t.Context(), t, issuers, "newcomer", after["NEWCOMER_SECRET"], "audience=order-status"); !strings.Contains(got, "access_token") {
		t.Errorf("newcomer: %s", got)
	}
	if got := ask(t.Context(), t, issuers, "stranger", before["STRANGER_SECRET"], "audience=order-status"); !strings.Contains(got, "invalid_client") {
		t.Errorf("stranger: %s", got)
	}
	if err := issuers.Swap(nil); err == nil || issuers.Policy() == nil {
		t.Error("a missing policy is accepted")
	}
}

// TestIssuerForOpaqueTokens shows that a service asks the issuer that the matrix names.
func TestIssuerForOpaqueTokens(t *testing.T) {
	text := strings.Replace(matrix, "preset: keycloak", "introspection: {client: order-status, secret: {file: /nowhere}}", 1)
	issuers := issuersFor(t, strings.Replace(text, "roles: [orders/clerk]", "roles: [clerk]", 1))
	// Servers read the secret from the variable of the client that is the same.
	if got := issuers.Policy().Matrix().Issuers["corp"].Introspection.Secret; got != (access.SecretRef{Env: "ORDER_STATUS_SECRET"}) {
		t.Errorf("secret of the introspection = %v", got)
	}
	c := open(t, issuers)
	if _, err := ordersv1.NewOrderStatusClient(c.conns["customer-portal"]).GetOrderStatus(t.Context(), &ordersv1.GetOrderStatusRequest{}); err != nil {
		t.Error(err)
	}
	if got := issuers.Issuer("corp").Requests(testutil.Introspection); got == 0 {
		t.Error("nobody asked the issuer about the token")
	}
}
