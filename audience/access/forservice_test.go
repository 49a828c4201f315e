package access_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
)

var (
	corpIssuer    = access.Issuer{URL: corp, Preset: "keycloak"}
	orderServices = []string{"acme.orders.v1.OrderStatus", "acme.orders.v1.Archive"}
)

// TestForServiceIsAsStrictAsAMatrix shows who is admitted by a policy without a
// matrix file.
func TestForServiceIsAsStrictAsAMatrix(t *testing.T) {
	policy, err := access.ForService(corpIssuer, "order-status", orderServices,
		access.Allow{Clients: []string{"customer-portal"}, Scopes: []string{"orders.read"}},
		access.Allow{Clients: []string{"backoffice-portal"}, Methods: []string{"UpdateOrderStatus"}, NoScopes: true})
	if err != nil {
		t.Fatal(err)
	}
	g, err := policy.Guard("order-status")
	if err != nil {
		t.Fatal(err)
	}
	const archive = "/acme.orders.v1.Archive/GetOrder"
	for _, row := range []struct {
		method  string
		members members
		want    audience.Cause
	}{
		{getStatus, nil, ""},
		{archive, nil, ""},
		{getStatus, members{"iss": partner}, audience.CauseIssuerNotAccepted},
		{getStatus, members{"aud": "human-resource"}, audience.CauseAudienceMismatch},
		{getStatus, members{"aud": nil}, audience.CauseAudienceMissing},
		{getStatus, members{"azp": "stranger"}, audience.CauseClientNotAllowed},
		{getStatus, members{"azp": nil}, audience.CauseClientMissing},
		{getStatus, members{"scope": nil}, audience.CauseScopeMissing},
		{getStatus, members{"azp": "backoffice-portal", "scope": nil}, audience.CauseClientNotAllowed},
		{updateStatus, members{"azp": "backoffice-portal", "scope": nil}, ""},
	} {
		if got := verdict(t, g.Rule(row.method), "keycloak", token(row.members)); got != row.want {
			t.Errorf("%s %v: refused by %q, want %q", row.method, row.members, got, row.want)
		}
	}
	if rule := g.Rule(getEmployee); rule != nil {
		t.Errorf("a method of another gRPC service has a rule: %+v", rule)
	}
}

// TestForServiceDemandsWhatTheFileDemands shows that nothing which the file requires
// can be left out.
func TestForServiceDemandsWhatTheFileDemands(t *testing.T) {
	good := access.Allow{Clients: []string{"customer-portal"}, Scopes: []string{"orders.read"}}
	for _, row := range []struct {
		name     string
		issuer   access.Issuer
		audience string
		grpc     []string
		allow    []access.Allow
		want     string
	}{
		{"no issuer", access.Issuer{}, "order-status", orderServices, []access.Allow{good}, "no url"},
		{"plain http", access.Issuer{URL: "http://idp.example.com"}, "order-status", orderServices, []access.Allow{good}, "not https"},
		{"unknown preset", access.Issuer{URL: corp, Preset: "keyclock"}, "order-status", orderServices, []access.Allow{good}, `unknown preset "keyclock", did you mean "keycloak"?`},
		{"no audience", corpIssuer, "", orderServices, []access.Allow{good}, "no audience"},
		{"no gRPC service", corpIssuer, "order-status", nil, []access.Allow{good}, "no gRPC service"},
		{"no full name", corpIssuer, "order-status", []string{"/OrderStatus/"}, []access.Allow{good}, "not the full name of a gRPC service"},
		{"nobody may call", corpIssuer, "order-status", orderServices, nil, "no Allow"},
		{"no clients", corpIssuer, "order-status", orderServices, []access.Allow{{NoScopes: true}}, "Allow 0 has no clients: list in Clients who may call, or set AnyClient"},
		{"no scopes", corpIssuer, "order-status", orderServices, []access.Allow{good, {AnyClient: true}}, "Allow 1 has no scopes: list them in Scopes, or set NoScopes"},
		{"any client and a list", corpIssuer, "order-status", orderServices, []access.Allow{{Clients: []string{"a"}, AnyClient: true, NoScopes: true}}, "both any and a list"},
		{"any client of a provider that issues tokens for every audience", access.Issuer{URL: corp, Preset: "entra"}, "order-status", orderServices, []access.Allow{{AnyClient: true, NoScopes: true}}, "list clients or roles"},
	} {
		_, err := access.ForService(row.issuer, row.audience, row.grpc, row.allow...)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: ForService = %v, want %q in it", row.name, err, row.want)
		}
	}
}

// TestForServiceKeepsItsArguments shows that what the caller passed is not changed.
func TestForServiceKeepsItsArguments(t *testing.T) {
	allow := []access.Allow{{Clients: []string{"customer-portal"}, NoScopes: true}}
	if _, err := access.ForService(corpIssuer, "order-status", orderServices, allow...); err != nil || allow[0].Methods != nil {
		t.Errorf("%v, methods %q", err, allow[0].Methods)
	}
}
