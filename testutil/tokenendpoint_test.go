package testutil_test

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
)

func clientCredentials(pairs ...string) url.Values {
	return form(append([]string{"grant_type", "client_credentials"}, pairs...)...)
}

func TestClientCredentialsGrant(t *testing.T) {
	tests := []struct {
		name, id, secret string
		form             url.Values
		aud              any
		scope            any
	}{
		{"audience", "customer-portal", "s3cret", clientCredentials("audience", "order-status"), "order-status", "orders.read"},
		{"resource", "customer-portal", "s3cret", clientCredentials("resource", "order-status"), "order-status", "orders.read"},
		{"encoded secret", "backoffice-portal", "s3:cret+%&", clientCredentials("audience", "human-resource"), "human-resource", nil},
		{"all scopes", "backoffice-portal", "s3:cret+%&", clientCredentials("audience", "order-status"), "order-status", "orders.read orders.write"},
		{"one scope", "backoffice-portal", "s3:cret+%&", clientCredentials("audience", "order-status", "scope", "orders.write"), "order-status", "orders.write"},
		{
			"two audiences", "backoffice-portal", "s3:cret+%&",
			clientCredentials("audience", "human-resource", "audience", "order-status", "resource", "human-resource", "scope", "orders.read"),
			[]any{"human-resource", "order-status"},
			"orders.read",
		},
		{
			"posted secret", "", "",
			clientCredentials("audience", "order-status", "client_id", "customer-portal", "client_secret", "s3cret"), "order-status", "orders.read",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := post(t, corp(), testutil.Token, tt.id, tt.secret, tt.form)
			if got.status != http.StatusOK || got.header.Get("Cache-Control") != "no-store" {
				t.Fatalf("answer = %+v, want 200 and no-store", got)
			}
			body := got.json(t)
			if body["token_type"] != "Bearer" || body["expires_in"] != 300.0 || body["scope"] != tt.scope {
				t.Errorf("answer = %v, want a bearer token for 300 s, scope %v", body, tt.scope)
			}
			claims := part(t, body["access_token"].(string), 1)
			if diff := cmp.Diff(tt.aud, claims["aud"]); diff != "" {
				t.Errorf("aud (-want +got):\n%s", diff)
			}
			if claims["scope"] != tt.scope {
				t.Errorf("scope = %v, want %v", claims["scope"], tt.scope)
			}
		})
	}
}

func TestClaimsOfClientCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := post(t, corp(testutil.Lifetime(time.Hour)), testutil.Token, "customer-portal", "s3cret", clientCredentials("audience", "order-status")).json(t)
		claims := part(t, got["access_token"].(string), 1)
		if claims["jti"] == "" || got["expires_in"] != 3600.0 {
			t.Errorf("jti = %q, expires_in = %v; want some, 3600", claims["jti"], got["expires_in"])
		}
		delete(claims, "jti")
		now := float64(time.Now().Unix())
		want := map[string]any{
			"iss": issuerURL, "sub": "customer-portal", "aud": "order-status", "scope": "orders.read",
			"azp": "customer-portal", "client_id": "customer-portal", "iat": now, "exp": now + 3600,
		}
		if diff := cmp.Diff(want, claims); diff != "" {
			t.Errorf("claims (-want +got):\n%s", diff)
		}
	})
}

func TestTokenEndpointRefusesRequests(t *testing.T) {
	good := clientCredentials("audience", "order-status")
	tests := []struct {
		name, id, secret string
		form             url.Values
		status           int
		code             string
	}{
		{"no credentials", "", "", good, 401, "invalid_client"},
		{"wrong secret", "customer-portal", "secret", good, 401, "invalid_client"},
		{"unknown client", "stranger", "s3cret", good, 401, "invalid_client"},
		{"client without a secret", "public", "", good, 401, "invalid_client"},
		{"two ways", "customer-portal", "s3cret", clientCredentials("audience", "order-status", "client_secret", "s3cret"), 400, "invalid_request"},
		{"no grant", "customer-portal", "s3cret", form("audience", "order-status"), 400, "invalid_request"},
		{"unknown grant", "customer-portal", "s3cret", form("grant_type", "password"), 400, "unsupported_grant_type"},
		{"repeated parameter", "customer-portal", "s3cret", clientCredentials("audience", "order-status", "scope", "a", "scope", "b"), 400, "invalid_request"},
		{"no audience", "customer-portal", "s3cret", clientCredentials(), 400, "invalid_target"},
		{"audience of others", "customer-portal", "s3cret", clientCredentials("audience", "human-resource"), 400, "invalid_target"},
		{"one audience too many", "customer-portal", "s3cret", clientCredentials("audience", "order-status", "resource", "human-resource"), 400, "invalid_target"},
		{"near miss", "customer-portal", "s3cret", clientCredentials("audience", "order-status/"), 400, "invalid_target"},
		{"scope of others", "customer-portal", "s3cret", clientCredentials("audience", "order-status", "scope", "orders.read orders.write"), 400, "invalid_scope"},
		{"exchange by others", "customer-portal", "s3cret", form("grant_type", exchange), 400, "unauthorized_client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			issuer := corp()
			issuer.Register(testutil.Client{ID: "public", Audiences: []string{"order-status"}})
			wantRefusal(t, post(t, issuer, testutil.Token, tt.id, tt.secret, tt.form), tt.status, tt.code)
			if n := issuer.Requests(testutil.Token); n != 1 {
				t.Errorf("Requests(Token) = %d, want 1", n)
			}
		})
	}
}

func wantRefusal(t *testing.T, got answer, status int, code string) {
	t.Helper()
	if got.status != status || got.json(t)["error"] != code {
		t.Errorf("answer = %d %s, want %d %s", got.status, got.body, status, code)
	}
	if cache := got.header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("Cache-Control = %q, want no-store", cache)
	}
	if challenge := got.header.Get("WWW-Authenticate"); (challenge != "") != (status == http.StatusUnauthorized) {
		t.Errorf("WWW-Authenticate = %q with status %d", challenge, status)
	}
}

// TestTokenRequestMustBeAForm sends the same parameters in other ways.
func TestTokenRequestMustBeAForm(t *testing.T) {
	const encoded = "application/x-www-form-urlencoded"
	const words = "grant_type=client_credentials&client_id=customer-portal&client_secret=s3cret&audience=order-status"
	tests := []struct {
		name, method, contentType, query, body string
		status                                 int
		code                                   any
	}{
		{"charset", http.MethodPost, encoded + "; charset=utf-8", "", words, 200, nil},
		{"PUT", http.MethodPut, encoded, "", words, 400, "invalid_request"},
		{"JSON", http.MethodPost, "application/json", "", `{"grant_type":"client_credentials"}`, 400, "invalid_request"},
		{"no content type", http.MethodPost, "", "", words, 400, "invalid_request"},
		{"malformed", http.MethodPost, encoded, "", words + "&scope=%zz", 400, "invalid_request"},
		{"in the query", http.MethodPost, encoded, "?" + words, "", 401, "invalid_client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := request(t, tt.method, issuerURL+"/token"+tt.query, tt.body)
			r.Header.Set("Content-Type", tt.contentType)
			if got := send(t, corp(), r); got.status != tt.status || got.json(t)["error"] != tt.code {
				t.Errorf("answer = %d %s, want %d %v", got.status, got.body, tt.status, tt.code)
			}
		})
	}
}

func TestBasicCredentialsMustBeEncoded(t *testing.T) {
	r := request(t, http.MethodPost, issuerURL+"/token", clientCredentials("audience", "order-status").Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("backoffice-portal", "s3:cret+%&")
	wantRefusal(t, send(t, corp(), r), http.StatusUnauthorized, "invalid_client")
}

func TestRegisterReplacesAClient(t *testing.T) {
	mustPanic(t, func() { corp().Register(testutil.Client{Secret: "s3cret"}) })

	issuer := corp()
	audiences := []string{"payroll"}
	issuer.Register(testutil.Client{ID: "customer-portal", Secret: "new", Audiences: audiences})
	audiences[0] = "order-status"
	wantRefusal(t, post(t, issuer, testutil.Token, "customer-portal", "s3cret", clientCredentials("audience", "payroll")), 401, "invalid_client")
	if got := post(t, issuer, testutil.Token, "customer-portal", "new", clientCredentials("audience", "payroll")); got.status != http.StatusOK {
		t.Errorf("after Register: %+v, want 200", got)
	}
}
