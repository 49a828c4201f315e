package testutil_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
)

func refresh(token any) map[string][]string {
	text, _ := token.(string)
	return form("grant_type", "refresh_token", "refresh_token", text)
}

// TestRefreshTokenIsRenewed shows that a refresh gives tokens of the same login and another
// refresh token.
func TestRefreshTokenIsRenewed(t *testing.T) {
	issuer := withAlice()
	first := newBrowser(t, issuer).tokens(t, issuer, "customer-portal", "s3cret")
	second := post(t, issuer, testutil.Token, "customer-portal", "s3cret", refresh(first["refresh_token"])).json(t)
	for _, kind := range []string{"access_token", "id_token"} {
		was, is := part(t, first[kind].(string), 1), part(t, second[kind].(string), 1)
		if kind == "id_token" && is["nonce"] != nil {
			t.Error("the new ID token has a nonce")
		}
		for _, claims := range []map[string]any{was, is} {
			for _, name := range []string{"jti", "iat", "exp", "nonce", "at_hash"} {
				delete(claims, name)
			}
		}
		if diff := cmp.Diff(was, is); diff != "" {
			t.Errorf("%s (-first +second):\n%s", kind, diff)
		}
	}
	if second["refresh_token"] == first["refresh_token"] || second["access_token"] == first["access_token"] {
		t.Error("a token is the same as before")
	}
	narrow := refresh(second["refresh_token"])
	narrow["scope"] = []string{"openid"}
	third := post(t, issuer, testutil.Token, "customer-portal", "s3cret", narrow).json(t)
	if scope := part(t, third["access_token"].(string), 1)["scope"]; scope != nil {
		t.Errorf("scope = %v, want none, as was asked for", scope)
	}
	wide := refresh(third["refresh_token"])
	wide["scope"] = []string{"orders.write"}
	wantRefusal(t, post(t, issuer, testutil.Token, "customer-portal", "s3cret", wide), 400, "invalid_scope")
}

// TestUsedRefreshTokenEndsAll shows that a refresh token that comes twice ends those that
// followed from it (RFC 9700, section 4.14.2).
func TestUsedRefreshTokenEndsAll(t *testing.T) {
	issuer := withAlice()
	b := newBrowser(t, issuer)
	first := b.tokens(t, issuer, "customer-portal", "s3cret")
	other := b.tokens(t, issuer, "customer-portal", "s3cret")
	second := post(t, issuer, testutil.Token, "customer-portal", "s3cret", refresh(first["refresh_token"])).json(t)
	for _, token := range []any{first["refresh_token"], second["refresh_token"]} {
		wantRefusal(t, post(t, issuer, testutil.Token, "customer-portal", "s3cret", refresh(token)), 400, "invalid_grant")
	}
	if got := post(t, issuer, testutil.Token, "customer-portal", "s3cret", refresh(other["refresh_token"])); got.status != 200 {
		t.Errorf("of another login: %d %s", got.status, got.body)
	}
}

func TestRefreshIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		client, secret string
		change         func(*testutil.Issuer)
		want           string
	}{
		"another client": {"backoffice-portal", "s3:cret+%&", func(*testutil.Issuer) {}, "invalid_grant"},
		"no secret":      {"customer-portal", "", func(*testutil.Issuer) {}, "invalid_client"},
		"no user":        {"customer-portal", "s3cret", func(i *testutil.Issuer) { i.SetUsers(testutil.User{Name: "bob"}) }, "invalid_grant"},
		"no right any more": {"customer-portal", "s3cret", func(i *testutil.Issuer) {
			i.Register(testutil.Client{ID: "customer-portal", Secret: "s3cret"})
		}, "invalid_grant"},
		"no session": {"customer-portal", "s3cret", func(i *testutil.Issuer) {
			if err := i.EndSessions(t.Context(), "alice"); err != nil {
				t.Error(err)
			}
		}, "invalid_grant"},
	} {
		issuer := withAlice()
		token := newBrowser(t, issuer).tokens(t, issuer, "customer-portal", "s3cret")["refresh_token"]
		row.change(issuer)
		status := 400
		if row.want == "invalid_client" {
			status = 401
		}
		t.Run(name, func(t *testing.T) {
			wantRefusal(t, post(t, issuer, testutil.Token, row.client, row.secret, refresh(token)), status, row.want)
		})
	}
}

// TestPublicClientRefreshes shows that a public client needs no secret for its own refresh
// tokens.
func TestPublicClientRefreshes(t *testing.T) {
	issuer := withAlice()
	got := newBrowser(t, issuer).submit(t, loginRequest("client_id", "app", "scope", "openid"), "user", "alice")
	code := redeem(got.back(t).Get("code"))
	code.Set("client_id", "app")
	again := refresh(post(t, issuer, testutil.Token, "", "", code).json(t)["refresh_token"])
	again["client_id"] = []string{"app"}
	if got := post(t, issuer, testutil.Token, "", "", again); got.status != 200 {
		t.Errorf("got %d %s", got.status, got.body)
	}
}
