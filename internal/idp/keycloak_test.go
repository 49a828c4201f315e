package idp_test

import (
	"crypto/tls"
	_ "embed"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/idp"
)

//go:embed testdata/corp.json
var corp []byte

const keycloakToken = "/protocol/openid-connect/token"

func TestKeycloak(t *testing.T) {
	realm := idp.Keycloak(t, corp)
	provider{
		Server: realm.Server,
		token:  keycloakToken,
		requests: []request{
			{
				name: "audience", client: "customer-portal", form: url.Values{"scope": {"order-status"}},
				header:  claims{"typ": "JWT", "alg": "RS256"},
				payload: claims{"iss": realm.Issuer, "aud": "order-status", "azp": "customer-portal", "typ": "Bearer", "client_id": nil},
			},
			{
				name: "two audiences", client: "backoffice-portal", form: url.Values{"scope": {"order-status human-resource"}},
				payload: claims{"aud": []any{"order-status", "human-resource"}, "azp": "backoffice-portal"},
			},
			{
				name: "no audience", client: "customer-portal",
				payload: claims{"aud": nil, "azp": "customer-portal"},
			},
			{
				name: "audience is ignored", client: "customer-portal", form: url.Values{"audience": {"order-status"}, "resource": {"urn:order-status"}},
				payload: claims{"aud": nil},
			},
			{
				name: "denied", client: "customer-portal", form: url.Values{"scope": {"human-resource"}},
				refusal: `"invalid_scope"`,
			},
		},
		login:  url.Values{"scope": {"openid order-status"}},
		id:     claims{"aud": "backoffice-portal", "typ": "ID", "azp": "backoffice-portal"},
		access: claims{"aud": "order-status", "typ": "Bearer", "azp": "backoffice-portal"},
		exchanges: []request{
			{
				name: "onward", client: "backoffice-portal", form: url.Values{"audience": {"order-status"}, "scope": {"order-status"}},
				payload: claims{"aud": "order-status", "azp": "backoffice-portal", "act": nil},
			},
			{
				name: "without its scope", client: "backoffice-portal", form: url.Values{"audience": {"human-resource"}},
				refusal: "Requested audience not available: human-resource",
			},
			{
				name: "not enabled", client: "customer-portal", form: url.Values{"audience": {"order-status"}},
				refusal: "not enabled",
			},
		},
		hop: request{
			client: "order-status", form: url.Values{"audience": {"human-resource"}, "scope": {"human-resource"}},
			payload: claims{"aud": "human-resource", "azp": "order-status", "act": nil},
		},
	}.exercise(t)
}

func TestKeycloakAdmin(t *testing.T) {
	realm := idp.Keycloak(t, corp)
	var settings struct{ Realm string }
	if err := realm.Admin(t.Context(), http.MethodGet, "", nil, &settings); err != nil || settings.Realm != "corp" {
		t.Errorf("got realm %q, %v, want corp", settings.Realm, err)
	}
	if secret, err := realm.ClientSecret(t.Context(), "customer-portal"); err != nil || secret != idp.Secret("customer-portal") {
		t.Errorf("got secret %q, %v, want the realm's", secret, err)
	}
	if _, err := realm.ClientSecret(t.Context(), "nobody"); err == nil || !strings.Contains(err.Error(), `no client "nobody"`) {
		t.Errorf("got %v, want no client", err)
	}
	if err := realm.Admin(t.Context(), http.MethodGet, "/nowhere", nil, nil); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("got %v, want 404", err)
	}
	if got := verdict(t, func(t testing.TB) { idp.Keycloak(t, corp) }); !strings.Contains(got, "409 Conflict") {
		t.Errorf("a second realm of the same name: got %q, want a conflict", got)
	}
}

func TestKeycloakMutualTLS(t *testing.T) {
	realm := idp.Keycloak(t, corp)
	grant, _ := post(t, trusting(realm.Server, "batch-mtls"), realm.TLS+keycloakToken, "", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"batch-mtls"}, "scope": {"order-status"},
	})
	wantClaims(t, grant.AccessToken, nil, claims{"iss": realm.Issuer, "aud": "order-status", "azp": "batch-mtls"})
	if cnf, _ := part(t, grant.AccessToken, 1)["cnf"].(claims); cnf["x5t#S256"] == nil {
		t.Errorf("got cnf %v, want the certificate's hash", cnf)
	}
}

// trusting returns an HTTP client that trusts s and presents a certificate for name.
func trusting(s *idp.Server, name string) *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
		RootCAs: s.CA.Pool(), Certificates: []tls.Certificate{s.CA.Certificate(name)},
	}}}
}
