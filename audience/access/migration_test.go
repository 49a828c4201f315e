package access_test

import (
	"errors"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
)

// migrating is a matrix of one service in the middle of a move: two names, two
// gRPC services, clients at two issuers under other ids.
func migrating(t *testing.T) *access.Guard {
	t.Helper()
	policy, err := access.New(access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: corp, Preset: "keycloak"}, "partner": {URL: partner, Preset: "keycloak"}},
		Services: map[string]access.Service{"orders": {
			Issuers: []string{"corp", "partner"}, Audiences: []string{"orders-v1", "orders-v2"},
			GRPC: []string{"acme.orders.v1.Orders", "acme.orders.v2.Orders"},
			Allow: []access.Allow{
				{Clients: []string{"orders", "theirs"}, Methods: []string{"Get"}, Scopes: []string{"read"}},
				{Clients: []string{"orders"}, Methods: []string{"*"}, Scopes: []string{"write"}},
				{Clients: []string{"theirs"}, Methods: []string{"Get"}, Scopes: []string{"admin"}},
			},
		}},
		Clients: map[string]access.Client{"orders": {Issuer: "corp"}, "theirs": {Issuer: "partner", ID: "shop"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	g, err := policy.Guard("orders")
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestTwoIssuersDuringAMigration(t *testing.T) {
	guard := migrating(t)
	if got := guard.Issuers(); len(got) != 2 {
		t.Errorf("Issuers = %v, want both", got)
	}
	guard.Issuers()[0].URL = "changed"
	if got := guard.Issuers()[0].URL; got == "changed" {
		t.Error("what Issuers returns is not a copy")
	}
	for _, row := range []struct {
		rule   string
		method string
		claims members
		want   audience.Cause
	}{
		{"the first name", "/acme.orders.v1.Orders/Get", members{"aud": "orders-v1"}, ""},
		{"the second name", "/acme.orders.v1.Orders/Get", members{"aud": "orders-v2"}, ""},
		{"not the matrix's own name", "/acme.orders.v1.Orders/Get", members{"aud": "orders"}, audience.CauseAudienceMismatch},
		{"the second gRPC service", "/acme.orders.v2.Orders/Get", members{"aud": "orders-v1"}, ""},
		{"its other methods", "/acme.orders.v2.Orders/Put", members{"aud": "orders-v1", "scope": "write"}, ""},
		{"no self without the word", "/acme.orders.v1.Orders/Get", members{"aud": nil}, audience.CauseAudienceMissing},
		{"a client by its id", "/acme.orders.v1.Orders/Get", members{"aud": "orders-v1", "iss": partner, "azp": "shop"}, ""},
		{"a client by its name", "/acme.orders.v1.Orders/Get", members{"aud": "orders-v1", "iss": partner, "azp": "theirs"}, audience.CauseClientNotAllowed},
		{"a client at another issuer", "/acme.orders.v1.Orders/Get", members{"aud": "orders-v1", "azp": "shop"}, audience.CauseClientNotAllowed},
		{"a user is no client", "/acme.orders.v1.Orders/Get", members{"aud": "orders-v1", "azp": "x", "sub": "orders"}, audience.CauseClientNotAllowed},
		{"the issuer comes before the audience", "/acme.orders.v1.Orders/Get", members{"iss": "x", "aud": "x"}, audience.CauseIssuerNotAccepted},
		{"the audience comes before the time", "/acme.orders.v1.Orders/Get", members{"aud": "x", "exp": 1}, audience.CauseAudienceMismatch},
		{"the time comes before the client", "/acme.orders.v1.Orders/Get", members{"aud": "orders-v1", "azp": "x", "exp": 1}, audience.CauseExpired},
		{"a life counts from iat", "/acme.orders.v1.Orders/Get", members{"aud": "orders-v1", "iat": now.Add(-24 * time.Hour).Unix(), "exp": now.Add(time.Second).Unix()}, audience.CauseLifetimeTooLong},
	} {
		changed := members{"azp": "orders", "scope": "read"}
		for name, value := range row.claims {
			changed[name] = value
		}
		c, err := read(t, "keycloak", token(changed))
		if err != nil {
			t.Fatal(err)
		}
		err = guard.Rule(row.method).Judge(c, at(now))
		var refusal *audience.Refusal
		if errors.As(err, &refusal) != (row.want != "") || refusal != nil && refusal.Cause != row.want {
			t.Errorf("%s: Judge = %v, want %q", row.rule, err, string(row.want))
		}
	}
}

// TestWantedClientsAndScopesAreListed shows what the operator reads of the clients and
// scopes that would have done: one list an alternative, and of scopes only this
// client's.
func TestWantedClientsAndScopesAreListed(t *testing.T) {
	guard := migrating(t)
	for want, members := range map[string]members{
		`"orders" "shop", or "orders", or "shop"`: {"aud": "orders-v1", "azp": "x"},
		`"read", or "write"`:                      {"aud": "orders-v1", "azp": "orders", "scope": nil},
		`"read", or "admin"`:                      {"aud": "orders-v1", "azp": "shop", "iss": partner, "scope": nil},
		`"orders-v1" "orders-v2"`:                 {"aud": "x"},
	} {
		c, err := read(t, "keycloak", token(members))
		if err != nil {
			t.Fatal(err)
		}
		var refusal *audience.Refusal
		if errors.As(guard.Rule("/acme.orders.v1.Orders/Get").Judge(c, at(now)), &refusal); refusal == nil || refusal.Want != want {
			t.Errorf("%v: %v, want %s in it", members, refusal, want)
		}
	}
}
