package testutil_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
)

func introspect(t *testing.T, issuer *testutil.Issuer, token string) answer {
	t.Helper()
	return post(t, issuer, testutil.Introspection, "order-status", "s3cret", form("token", token))
}

func TestIntrospectionReturnsTheClaims(t *testing.T) {
	for name, opaque := range map[string]bool{"JWT": false, "opaque": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := corp()
				issuer.Register(testutil.Client{ID: "customer-portal", Secret: "s3cret", Opaque: opaque})
				token := issuer.User("customer-portal", "alice", "order-status", "orders.read")
				got := introspect(t, issuer, token).json(t)
				delete(got, "jti")
				now := float64(time.Now().Unix())
				want := map[string]any{
					"active": true, "token_type": "Bearer", "iss": issuerURL, "sub": "alice", "aud": "order-status",
					"azp": "customer-portal", "client_id": "customer-portal", "scope": "orders.read", "iat": now, "exp": now + 300,
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}

				time.Sleep(5 * time.Minute)
				if got := introspect(t, issuer, token).body; got != `{"active":false}` {
					t.Errorf("after its life: %s, want inactive", got)
				}
			})
		})
	}
}

func TestIntrospectionOfInactiveTokens(t *testing.T) {
	issuer := corp()
	revoked := issuer.User("customer-portal", "alice", "order-status")
	issuer.Revoke(revoked)
	for name, token := range map[string]string{
		"revoked":  revoked,
		"unknown":  "x",
		"stranger": issuer.Mint(nil, testutil.SignedBy(testutil.NewKey("EdDSA"))),
	} {
		if got := introspect(t, issuer, token).body; got != `{"active":false}` {
			t.Errorf("%s: %s, want inactive", name, got)
		}
	}
}

func TestIntrospectionRefusesRequests(t *testing.T) {
	issuer := corp()
	token := form("token", issuer.Mint(nil))
	wantRefusal(t, post(t, issuer, testutil.Introspection, "", "", token), 401, "invalid_client")
	wantRefusal(t, post(t, issuer, testutil.Introspection, "order-status", "wrong", token), 401, "invalid_client")
	wantRefusal(t, post(t, issuer, testutil.Introspection, "order-status", "s3cret", nil), 400, "invalid_request")
	if got := issuer.Requests(testutil.Introspection); got != 3 {
		t.Errorf("Requests(Introspection) = %d, want 3", got)
	}
}

func TestOpaqueTokenIsIntrospected(t *testing.T) {
	issuer := corp()
	issuer.Register(testutil.Client{ID: "customer-portal", Secret: "s3cret", Audiences: []string{"order-status"}, Opaque: true})
	token := post(t, issuer, testutil.Token, "customer-portal", "s3cret", clientCredentials("audience", "order-status")).json(t)["access_token"].(string)
	if got := introspect(t, issuer, token).json(t)["active"]; got != true {
		t.Errorf("active = %v, want true", got)
	}
	if got := post(t, issuer, testutil.Token, "order-status", "s3cret", swap(token, "human-resource")); got.status != 200 {
		t.Errorf("exchange of an opaque token: %+v, want 200", got)
	}
}
