package access_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestNewRefusesClients shows that a client proves itself in one way, which is
// told in full.
func TestNewRefusesClients(t *testing.T) {
	files := map[string]string{"order-status": "orders.token"}
	for _, row := range []struct {
		client access.Client
		want   string
	}{
		{access.Client{Secret: access.SecretRef{File: "a", Env: "A"}}, "clients.customer-portal.secret: both a file and"},
		{access.Client{Secret: access.SecretRef{File: "a"}, Assertion: "b"}, "clients.customer-portal.assertion: both secret and assertion"},
		{access.Client{Certificate: access.CertificateRef{File: "a", KeyFile: "b"}, TokenFiles: files}, "clients.customer-portal.token_files: both mtls and token_files"},
		{access.Client{PrivateKey: access.KeyRef{File: "a", Env: "A"}}, "clients.customer-portal.private_key_jwt: both a file and"},
		{access.Client{PrivateKey: access.KeyRef{KeyID: "k1"}}, "clients.customer-portal.private_key_jwt: no key"},
		{access.Client{PrivateKey: access.KeyRef{File: "a", Algorithm: "HS256"}}, `clients.customer-portal.private_key_jwt.algorithm: "HS256" is not an asymmetric`},
		{access.Client{Certificate: access.CertificateRef{File: "a"}}, "clients.customer-portal.mtls: want both cert and key"},
		{access.Client{Certificate: access.CertificateRef{KeyFile: "a"}}, "clients.customer-portal.mtls: want both cert and key"},
		{access.Client{TokenFiles: map[string]string{"order-statuz": "a"}}, `clients.customer-portal.token_files.order-statuz: unknown service "order-statuz", did you mean "order-status"?`},
		{access.Client{TokenFiles: map[string]string{"order-status": ""}}, "clients.customer-portal.token_files.order-status: no path"},
	} {
		newRefuses(t, func(m *access.Matrix) { m.Clients["customer-portal"] = row.client }, row.want)
	}
}

// TestNewRefusesAsking shows that there is one way to ask an issuer for an
// audience.
func TestNewRefusesAsking(t *testing.T) {
	urls := map[string]string{"order-status": corp + "/orders"}
	for _, row := range []struct {
		issuer access.Issuer
		want   string
	}{
		{access.Issuer{TokenURL: "http://idp.example.com/token"}, "issuers.corp.token_url"},
		{access.Issuer{Ask: access.Ask{Parameter: "aud"}}, `issuers.corp.ask: want audience, resource or nothing, got "aud"`},
		{access.Issuer{Ask: access.Ask{Parameter: "audience", Scope: "{audience}"}}, "issuers.corp.ask: more than one way"},
		{access.Issuer{Ask: access.Ask{Scope: "{audience}", TokenURLs: urls}}, "issuers.corp.ask: more than one way"},
		{access.Issuer{Ask: access.Ask{Scope: ".default"}}, `issuers.corp.ask.scope: ".default" has no {audience} in it`},
		{access.Issuer{Ask: access.Ask{TokenURLs: map[string]string{"x": corp}}}, `issuers.corp.ask.token_urls.x: unknown service "x"`},
		{access.Issuer{Ask: access.Ask{TokenURLs: map[string]string{"order-status": "http://a.example"}}}, "issuers.corp.ask.token_urls.order-status"},
		{access.Issuer{Ask: access.Ask{TokenURLs: map[string]string{"order-status": ""}}}, "no URL"},
		{access.Issuer{Ask: access.Ask{Parameters: map[string]string{"": "x"}}}, "issuers.corp.parameters: a parameter without a name"},
	} {
		row.issuer.URL = corp
		newRefuses(t, func(m *access.Matrix) { m.Issuers["corp"] = row.issuer }, row.want)
	}
}

// TestNewRefusesExternal shows that an API of others is named as well as a
// service is.
func TestNewRefusesExternal(t *testing.T) {
	portal := []string{"customer-portal"}
	for _, row := range []struct {
		name string
		is   access.External
		want string
	}{
		{"tracking", access.External{}, "external.tracking.clients: no clients"},
		{"order-status", access.External{Clients: portal}, `external.order-status: "order-status" is a service as well`},
		{"my tracking", access.External{Clients: portal}, "is not a name"},
		{"tracking", access.External{Clients: []string{"customer-portl"}}, `external.tracking.clients[0]: unknown client "customer-portl", did you mean`},
		{"tracking", access.External{Clients: portal, Issuer: "crop"}, `external.tracking.issuer: unknown issuer "crop", did you mean "corp"?`},
		{"tracking", access.External{Clients: portal, Issuer: "other"}, `external.tracking.clients[0]: client "customer-portal" is registered at another issuer than "other"`},
		{"tracking", access.External{Clients: portal, Audience: " x"}, "external.tracking.audience"},
		{"tracking", access.External{Clients: portal, Scopes: []string{"a b"}}, "external.tracking.scopes[0]"},
		{"tracking", access.External{Clients: portal, GRPC: []string{"a/b"}}, "external.tracking.grpc[0]"},
		{"tracking", access.External{Clients: portal, Authorities: []string{"https://a.example"}}, "external.tracking.authorities[0]"},
	} {
		newRefuses(t, func(m *access.Matrix) {
			m.Issuers["other"] = access.Issuer{URL: "https://other.example"}
			for name, client := range m.Clients {
				client.Issuer = "corp"
				m.Clients[name] = client
			}
			for name, service := range m.Services {
				service.Issuers = []string{"corp"}
				m.Services[name] = service
			}
			m.External = map[string]access.External{row.name: row.is}
		}, row.want)
	}
}

// TestNewTakesClients shows that what is written in full is right, and that an API
// of others is reason enough for a client to be there.
func TestNewTakesClients(t *testing.T) {
	m := callers()
	m.Clients["tracker"] = access.Client{Issuer: "corp", PrivateKey: access.KeyRef{File: "key.pem", Algorithm: "ES256"}}
	m.Clients["batch"] = access.Client{Issuer: "corp", PrivateKey: access.KeyRef{Env: "KEY"}}
	m.Clients["portal"] = access.Client{Issuer: "corp", TokenFiles: map[string]string{"orders": "orders.token", "weather": "weather.token"}}
	m.External["tracking"] = access.External{Issuer: "corp", Clients: []string{"tracker"}}
	m.Issuers["corp"] = access.Issuer{URL: corp, Ask: access.Ask{Scope: "{audience}/.default"}}
	m.Issuers["partner"] = access.Issuer{URL: partner, Ask: access.Ask{TokenURLs: map[string]string{"people": partner + "/people"}}}
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range policy.Warnings() {
		if strings.HasPrefix(w.Error(), "clients.") {
			t.Error(w)
		}
	}
}

// TestNewRefusesStrangersOnce shows that a client which is not there has no issuer
// to be at, either.
func TestNewRefusesStrangersOnce(t *testing.T) {
	m := callers()
	m.External["tracking"] = access.External{Issuer: "partner", Clients: []string{"nobody"}}
	want := `external.tracking.clients[0]: unknown client "nobody": add "nobody: {}" under clients`
	if _, err := access.New(m); err == nil || err.Error() != want {
		t.Errorf("New = %v, want %s", err, want)
	}
}

// TestAuthorities shows what a place is that tokens may be sent to.
func TestAuthorities(t *testing.T) {
	withAuthority := func(authority string) func(*access.Matrix) {
		return func(m *access.Matrix) {
			s := m.Services["order-status"]
			s.Authorities = []string{authority}
			m.Services["order-status"] = s
		}
	}
	for _, good := range []string{"orders.example.com", "orders.example.com:8443", "127.0.0.1:1", "[::1]:1", "orders"} {
		m := company()
		withAuthority(good)(&m)
		if _, err := access.New(m); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", ":443", "https://orders", "orders/x", "a b", "a:http", "me@orders", "*.example.com", "orders?x"} {
		newRefuses(t, withAuthority(bad), "services.order-status.authorities[0]")
	}
}
