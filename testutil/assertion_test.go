package testutil_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// asserting returns a token request with a client assertion.
func asserting(assertion string, pairs ...string) url.Values {
	return clientCredentials(append([]string{
		"audience", "order-status", "client_assertion_type", assertionType, "client_assertion", assertion,
	}, pairs...)...)
}

func TestClientAuthenticatesByAssertion(t *testing.T) {
	key, other := testutil.NewKey("EdDSA"), testutil.NewKey("EdDSA")
	issuer := corp()
	issuer.Register(testutil.Client{ID: "batch", Keys: []*testutil.Key{testutil.NewKey("ES256"), key}, Audiences: []string{"order-status"}})
	typ := testutil.Header("typ", "client-authentication+jwt")
	sign := func(change testutil.Claims, opts ...testutil.MintOption) string {
		claims := testutil.Claims{"iss": "batch", "sub": "batch", "aud": issuerURL, "exp": time.Now().Unix() + 60}
		for name, value := range change {
			claims[name] = value
		}
		return issuer.Mint(claims, append([]testutil.MintOption{testutil.SignedBy(key), typ}, opts...)...)
	}
	once := sign(nil)
	tests := []struct {
		name   string
		form   url.Values
		status int
		code   any
	}{
		{"good", asserting(once, "client_id", "batch"), 200, nil},
		{"used again", asserting(once), 401, "invalid_client"},
		{"good, without client_id", asserting(sign(nil)), 200, nil},
		{"good, one in a list", asserting(sign(testutil.Claims{"aud": []string{issuerURL}})), 200, nil},
		{"no type", form("grant_type", "client_credentials", "audience", "order-status", "client_assertion", sign(nil)), 400, "invalid_request"},
		{"with a secret", asserting(sign(nil), "client_secret", "s"), 400, "invalid_request"},
		{"not a JWT", asserting("x"), 401, "invalid_client"},
		{"no signature", asserting(once[:len(once)-86]), 401, "invalid_client"},
		{"key of others", asserting(sign(nil, testutil.SignedBy(other))), 401, "invalid_client"},
		{"another algorithm", asserting(sign(nil, testutil.Header("alg", "ES256"))), 401, "invalid_client"},
		{"unknown client", asserting(sign(testutil.Claims{"iss": "x", "sub": "x"})), 401, "invalid_client"},
		{"client without keys", asserting(sign(testutil.Claims{"iss": "customer-portal", "sub": "customer-portal"})), 401, "invalid_client"},
		{"typ of tokens", asserting(sign(nil, testutil.Header("typ", "JWT"))), 401, "invalid_client"},
		{"by others", asserting(sign(testutil.Claims{"iss": "customer-portal"})), 401, "invalid_client"},
		{"other client_id", asserting(sign(nil), "client_id", "customer-portal"), 401, "invalid_client"},
		{"for the endpoint", asserting(sign(testutil.Claims{"aud": issuerURL + "/token"})), 401, "invalid_client"},
		{"for two", asserting(sign(testutil.Claims{"aud": []string{issuerURL, issuerURL + "/token"}})), 401, "invalid_client"},
		{"expired", asserting(sign(testutil.Claims{"exp": time.Now().Unix()})), 401, "invalid_client"},
		{"too long", asserting(sign(testutil.Claims{"exp": time.Now().Unix() + 330})), 401, "invalid_client"},
		{"no exp", asserting(sign(testutil.Claims{"exp": nil})), 401, "invalid_client"},
		{"no iat", asserting(sign(testutil.Claims{"iat": nil})), 401, "invalid_client"},
		{"no jti", asserting(sign(testutil.Claims{"jti": nil})), 401, "invalid_client"},
	}
	for _, tt := range tests {
		if got := post(t, issuer, testutil.Token, "", "", tt.form); got.status != tt.status || got.json(t)["error"] != tt.code {
			t.Errorf("%s: answer = %d %s, want %d %v", tt.name, got.status, got.body, tt.status, tt.code)
		}
	}
	if got := post(t, issuer, testutil.Token, "customer-portal", "s3cret", asserting(sign(nil))); got.status != http.StatusBadRequest {
		t.Errorf("two ways: answer = %d %s, want 400", got.status, got.body)
	}
}
