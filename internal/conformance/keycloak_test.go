package conformance_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/grpcaud/grpcaud/internal/idp"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// keycloak tests Keycloak with the realm that grpcaud exports. An audience is a client
// scope; aud is a string, an array or missing, and the payload has a typ.
var keycloak = provider{
	name: "keycloak", preset: "keycloak", audience: "%s",
	open:        openKeycloak,
	login:       url.Values{"scope": {"openid"}},
	people:      url.Values{"scope": {"openid human-resource"}},
	unaddressed: "AUDIENCE_MISSING",
	idToken:     "TYPE_NOT_ALLOWED", refresh: "ALGORITHM_NOT_ALLOWED",
	several: map[string]request{
		withAZP: {client: "backoffice-portal", Request: tokensource.Request{Audience: "order-status", Also: []string{"human-resource"}, Scope: "orders.read orders.write"}},
	},
	asked:  request{client: "customer-portal", Request: tokensource.Request{Audience: "order-status", Scope: "orders.read"}},
	tokens: "/protocol/openid-connect/token", // in development, Keycloak discovers plain HTTP
	denied: wrong{
		request: request{client: "customer-portal", Request: tokensource.Request{Audience: "human-resource"}},
		target:  tokensource.ErrRefused, hint: `with an audience mapper for "human-resource", and add it to client "customer-portal" as optional`,
	},
	misled: wrong{
		request: request{client: "customer-portal", Request: tokensource.Request{Audience: "human-resource"}, opts: []tokensource.OAuthOption{tokensource.AskByAudience()}},
		target:  tokensource.ErrMismatch, hint: `Keycloak returned no aud: add an audience mapper for "human-resource" to a client scope of client "customer-portal"`,
	},
	lacks: map[string]string{withoutAZP: "azp is always there"},
}

// openKeycloak imports the realm, and adds what an export does not contain.
func openKeycloak(t *testing.T, p provider) site {
	t.Helper()
	if !asked("keycloak") {
		idp.Keycloak(t, nil) // skips
	}
	path := p.matrix(t, "http://127.0.0.1/realms/corp")
	realm := idp.Keycloak(t, exported(t, path, "--to", "keycloak", "--exchange", "backoffice-portal", "--login", "backoffice-portal="+idp.Callback))
	secrets := map[string]string{}
	for _, client := range clients {
		secret, err := realm.ClientSecret(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		secrets[client] = secret
	}
	s := site{Server: realm.Server, realm: realm, key: testutil.NewKey("ES256"), secrets: func(client string) string { return secrets[client] }}
	s.prove(t)
	s.alice = s.employ(t, "alice")
	return s
}

// prove registers how clients without a secret authenticate.
func (s site) prove(t *testing.T) {
	t.Helper()
	keys, err := json.Marshal(map[string]any{"keys": []any{s.key.JWK()}})
	if err != nil {
		t.Fatal(err)
	}
	s.change(t, "batch", map[string]string{"use.jwks.url": "false", "use.jwks.string": "true", "jwks.string": string(keys)})
	s.change(t, "batch-mtls", map[string]string{"x509.subjectdn": "CN=testutil"})
}

// employ adds a user to the realm, and returns the sub of the user's tokens.
func (s site) employ(t *testing.T, name string) string {
	t.Helper()
	s.admin(t, http.MethodPost, "/users", map[string]any{
		"username": name, "enabled": true, "email": name + "@example.com", "firstName": name, "lastName": "Doe",
		"credentials": []any{map[string]any{"type": "password", "value": idp.Password(name)}},
	}, nil)
	return s.only(t, "/users?username="+name)
}

// change changes attributes of a client.
func (s site) change(t *testing.T, id string, attributes map[string]string) {
	t.Helper()
	var found []map[string]any
	s.admin(t, http.MethodGet, "/clients?clientId="+id, nil, &found)
	of := found[0]["attributes"].(map[string]any)
	for name, value := range attributes {
		of[name] = value
	}
	s.admin(t, http.MethodPut, "/clients/"+found[0]["id"].(string), found[0], nil)
}

func (s site) admin(t *testing.T, method, path string, body, answer any) {
	t.Helper()
	if err := s.realm.Admin(t.Context(), method, path, body, answer); err != nil {
		t.Fatal(err)
	}
}
