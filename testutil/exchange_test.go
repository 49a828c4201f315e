package testutil_test

import (
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
)

// swap returns an exchange of token; pairs with an empty value are left out.
func swap(token, audience string, pairs ...string) url.Values {
	v := form("grant_type", exchange, "subject_token", token, "subject_token_type", typeToken, "audience", audience)
	for p := pairs; len(p) > 0; p = p[2:] {
		v.Set(p[0], p[1])
		if p[1] == "" {
			v.Del(p[0])
		}
	}
	return v
}

// TestExchangeKeepsTheChainOfCallers follows a user's call over two hops.
func TestExchangeKeepsTheChainOfCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := corp()
		token := issuer.User("customer-portal", "alice", "order-status", "orders.read")
		time.Sleep(time.Minute)
		first := post(t, issuer, testutil.Token, "order-status", "s3cret", swap(token, "human-resource")).json(t)
		if first["issued_token_type"] != typeToken || first["token_type"] != "Bearer" || first["expires_in"] != 240.0 {
			t.Errorf("answer = %v, want a bearer access token for the 240 s that the subject has left", first)
		}
		claims := part(t, first["access_token"].(string), 1)
		delete(claims, "jti")
		now := float64(time.Now().Unix())
		want := map[string]any{
			"iss": issuerURL, "sub": "alice", "aud": "human-resource", "azp": "order-status", "client_id": "order-status",
			"iat": now, "exp": now + 240,
			"act": map[string]any{"sub": "order-status", "act": map[string]any{"sub": "customer-portal"}},
		}
		if diff := cmp.Diff(want, claims); diff != "" {
			t.Errorf("claims (-want +got):\n%s", diff)
		}

		second := post(t, issuer, testutil.Token, "human-resource", "s3cret", swap(first["access_token"].(string), "payroll")).json(t)
		got := part(t, second["access_token"].(string), 1)["act"]
		if diff := cmp.Diff(any(map[string]any{"sub": "human-resource", "act": want["act"]}), got); diff != "" {
			t.Errorf("act of the second hop (-want +got):\n%s", diff)
		}
	})
}

func TestExchangeAcceptsRequests(t *testing.T) {
	const typeJWT = "urn:ietf:params:oauth:token-type:jwt"
	issuer := corp(testutil.Lifetime(time.Minute))
	actor := post(t, issuer, testutil.Token, "order-status", "s3cret", clientCredentials("audience", "human-resource")).json(t)["access_token"].(string)
	long := testutil.Claims{"sub": "alice", "aud": []string{"x", "order-status"}, "exp": time.Now().Add(time.Hour).Unix()}
	retiring := issuer.User("customer-portal", "alice", "order-status")
	issuer.Rotate("RS256")
	tests := []struct {
		name string
		form url.Values
		typ  string
	}{
		{"a key that is still published", swap(retiring, "human-resource"), typeToken},
		{"actor", swap(retiring, "human-resource", "actor_token", actor, "actor_token_type", typeToken), typeToken},
		{"resource", swap(retiring, "", "audience", "", "resource", "human-resource"), typeToken},
		{"types", swap(retiring, "human-resource", "subject_token_type", typeJWT, "requested_token_type", typeJWT), typeJWT},
		{"one audience of several", swap(issuer.Mint(long), "human-resource"), typeToken},
		{"PS256", swap(issuer.Mint(long, testutil.SignedBy(issuer.Rotate("PS256"))), "human-resource"), typeToken},
		{"EdDSA", swap(issuer.Mint(long, testutil.SignedBy(issuer.Rotate("EdDSA"))), "human-resource"), typeToken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := post(t, issuer, testutil.Token, "order-status", "s3cret", tt.form).json(t)
			if got["issued_token_type"] != tt.typ {
				t.Fatalf("answer = %v, want issued_token_type %s", got, tt.typ)
			}
			if got["expires_in"].(float64) > 60 {
				t.Errorf("expires_in = %v, want at most the issuer's 60", got["expires_in"])
			}
		})
	}
}

func TestExchangeByAnotherOwnAudience(t *testing.T) {
	issuer := corp()
	token := issuer.User("order-status", "alice", "https://hr.example.com")
	if got := post(t, issuer, testutil.Token, "human-resource", "s3cret", swap(token, "payroll")); got.status != 200 {
		t.Errorf("answer = %+v, want 200", got)
	}
}

func TestExchangeRefusesRequests(t *testing.T) {
	issuer := corp()
	user := func() string { return issuer.User("customer-portal", "alice", "order-status") }
	to := testutil.Claims{"sub": "alice", "aud": "order-status"}
	with := func(name string, value any) testutil.Claims {
		return testutil.Claims{"sub": "alice", "aud": "order-status", name: value}
	}
	revoked := user()
	issuer.Revoke(revoked)
	issuer.Rotate("ES256")
	retired := user()
	issuer.Use(testutil.NewKey("ES256"))
	issuer.Retire()
	good := user()
	head, sig := good[:strings.LastIndex(good, ".")], good[strings.LastIndex(good, ".")+1:]

	tests := []struct {
		name string
		form url.Values
		code string
	}{
		{"no subject", swap("", "human-resource"), "invalid_request"},
		{"no subject type", swap(good, "human-resource", "subject_token_type", ""), "invalid_request"},
		{"refresh token", swap(good, "human-resource", "subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), "invalid_request"},
		{"actor without type", swap(good, "human-resource", "actor_token", good), "invalid_request"},
		{"actor type alone", swap(good, "human-resource", "actor_token_type", typeToken), "invalid_request"},
		{"unknown actor type", swap(good, "human-resource", "actor_token", good, "actor_token_type", "x"), "invalid_request"},
		{"unknown requested type", swap(good, "human-resource", "requested_token_type", "x"), "invalid_request"},
		{"actor of others", swap(good, "human-resource", "actor_token", good, "actor_token_type", typeToken), "invalid_grant"},
		{"forged actor", swap(good, "human-resource", "actor_token", "x", "actor_token_type", typeToken), "invalid_grant"},
		{"not a token", swap("x", "human-resource"), "invalid_grant"},
		{"signature cut off", swap(head+".", "human-resource"), "invalid_grant"},
		{"signature altered", swap(head+"."+strings.ToLower(sig), "human-resource"), "invalid_grant"},
		{"not base64", swap(head+".=", "human-resource"), "invalid_grant"},
		{"stranger's key", swap(issuer.Mint(to, testutil.SignedBy(testutil.NewKey("ES256"))), "human-resource"), "invalid_grant"},
		{"retired key", swap(retired, "human-resource"), "invalid_grant"},
		{"revoked", swap(revoked, "human-resource"), "invalid_grant"},
		{"expired", swap(issuer.Mint(with("exp", time.Now().Unix())), "human-resource"), "invalid_grant"},
		{"no expiry", swap(issuer.Mint(with("exp", nil)), "human-resource"), "invalid_grant"},
		{"not yet", swap(issuer.Mint(with("nbf", time.Now().Unix()+60)), "human-resource"), "invalid_grant"},
		{"other issuer", swap(issuer.Mint(with("iss", "https://idp.example.com")), "human-resource"), "invalid_grant"},
		{"no JSON", swap(issuer.Mint(nil, testutil.RawPayload([]byte("x"))), "human-resource"), "invalid_grant"},
		{"addressed to others", swap(issuer.User("customer-portal", "alice", "human-resource"), "human-resource"), "invalid_grant"},
		{"addressed to nobody", swap(issuer.Mint(with("aud", 1)), "human-resource"), "invalid_grant"},
		{"target of others", swap(good, "payroll"), "invalid_target"},
		{"no target", swap(good, "", "audience", ""), "invalid_target"},
		{"scope of others", swap(good, "human-resource", "scope", "hr.read"), "invalid_scope"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantRefusal(t, post(t, issuer, testutil.Token, "order-status", "s3cret", tt.form), 400, tt.code)
		})
	}
}

// TestForgedSubjectTokenIsRefused alters the signature under each kind of key.
func TestForgedSubjectTokenIsRefused(t *testing.T) {
	issuer := corp()
	secret := testutil.KeyOf("HS256", []byte("secret"))
	for _, key := range []*testutil.Key{
		testutil.NewKey("RS256"), testutil.NewKey("PS384"), testutil.NewKey("ES512"), testutil.NewKey("EdDSA"), secret,
	} {
		issuer.Use(key)
		good := issuer.User("customer-portal", "alice", "order-status")
		dot := strings.LastIndex(good, ".")
		for token, status := range map[string]int{good: 200, good[:dot+1] + "AAAA" + good[dot+5:]: 400} {
			if got := post(t, issuer, testutil.Token, "order-status", "s3cret", swap(token, "human-resource")); got.status != status {
				t.Errorf("%v: answer = %d %s, want %d", key.JWK()["alg"], got.status, got.body, status)
			}
		}
	}
}
