package testutil_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
)

const verifier = "a-verifier-that-has-forty-three-characters-0"

// loginRequest is the address of a login; pairs with an empty value are left out.
func loginRequest(pairs ...string) string {
	digest := sha256.Sum256([]byte(verifier))
	v := form("response_type", "code", "client_id", "customer-portal", "redirect_uri", "http://localhost:3000/back?x=1",
		"scope", "openid orders.read", "state", "s", "nonce", "n", "audience", "order-status",
		"code_challenge", base64.RawURLEncoding.EncodeToString(digest[:]), "code_challenge_method", "S256")
	for p := pairs; len(p) > 0; p = p[2:] {
		v.Set(p[0], p[1])
		if p[1] == "" {
			v.Del(p[0])
		}
	}
	return issuerURL + string(testutil.Authorization) + "?" + v.Encode()
}

// withAlice returns an issuer at which alice can log in.
func withAlice(opts ...testutil.Option) *testutil.Issuer {
	issuer := corp(opts...)
	issuer.Register(testutil.Client{ID: "app", Public: true, Audiences: []string{"order-status"}})
	issuer.SetUsers(testutil.User{Name: "alice", Roles: []string{"clerk"}, Claims: testutil.Claims{"department": "hr"}})
	return issuer
}

// logIn logs alice in, and returns the parameters that the client gets.
func logIn(t *testing.T, issuer *testutil.Issuer, at string) url.Values {
	t.Helper()
	r := request(t, http.MethodPost, at, "user=alice")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got := send(t, issuer, r)
	back, err := url.Parse(got.header.Get("Location"))
	if err != nil || got.status != http.StatusSeeOther || !strings.HasPrefix(back.String(), "http://localhost:3000/back?") {
		t.Fatalf("login: %d to %q, %s", got.status, back, got.body)
	}
	return back.Query()
}

func redeem(code string) url.Values {
	return form("grant_type", "authorization_code", "code", code, "code_verifier", verifier, "redirect_uri", "http://localhost:3000/back?x=1")
}

// TestLoginPageSaysWhatIsAskedFor shows that the page names the service and the scopes, and
// leaves out the client itself, which is the audience until the token is exchanged.
func TestLoginPageSaysWhatIsAskedFor(t *testing.T) {
	issuer := withAlice()
	issuer.Register(testutil.Client{
		ID: "web", Audiences: []string{"order-status"}, OwnAudiences: []string{"web"}, Exchange: true,
		Scopes: map[string][]string{"order-status": {"orders.read"}},
	})
	for want, at := range map[string]string{
		"customer-portal asks for orders.read at order-status.": loginRequest(),
		"app asks for access to order-status.":                  loginRequest("client_id", "app", "scope", "openid"),
		"web asks for orders.read.":                             loginRequest("client_id", "web", "audience", ""),
		"web asks for your name.":                               loginRequest("client_id", "web", "audience", "", "scope", "openid"),
	} {
		if page := get(t, issuer, at); !strings.Contains(page.body, "Who are you? "+want) {
			t.Errorf("%s: the page does not show %q: %s", at, want, page.body)
		}
	}
}

func TestUserLogsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := withAlice()
		page := get(t, issuer, loginRequest())
		if !strings.Contains(page.body, `value="alice"`) || !strings.Contains(page.body, "customer-portal asks for orders.read at order-status") {
			t.Errorf("page = %s", page.body)
		}
		back := logIn(t, issuer, loginRequest())
		if back.Get("state") != "s" || back.Get("iss") != issuerURL || back.Get("x") != "1" {
			t.Errorf("the client gets %v", back)
		}
		answer := post(t, issuer, testutil.Token, "customer-portal", "s3cret", redeem(back.Get("code"))).json(t)
		claims, id := part(t, answer["access_token"].(string), 1), part(t, answer["id_token"].(string), 1)
		now := float64(time.Now().Unix())
		if sid := claims["sid"]; sid == nil || sid != id["sid"] {
			t.Errorf("sid = %v, of the ID token %v", sid, id["sid"])
		}
		delete(claims, "jti")
		delete(claims, "sid")
		want := map[string]any{
			"iss": issuerURL, "sub": "alice", "aud": "order-status", "azp": "customer-portal", "client_id": "customer-portal", "scope": "orders.read",
			"roles": []any{"clerk"}, "department": "hr", "auth_time": now, "iat": now, "exp": now + 300,
		}
		if diff := cmp.Diff(want, claims); diff != "" {
			t.Errorf("claims (-want +got):\n%s", diff)
		}
		if id["aud"] != "customer-portal" || id["nonce"] != "n" || id["sub"] != "alice" || id["at_hash"] == nil {
			t.Errorf("ID token = %v", id)
		}
		document := get(t, issuer, issuerURL+string(testutil.Discovery)).json(t)
		if document["authorization_endpoint"] != issuerURL+"/authorize" {
			t.Errorf("discovery = %v", document)
		}
	})
}

func TestCodeIsRedeemedOnceByItsClient(t *testing.T) {
	for name, row := range map[string]struct {
		client, secret, key, value, want string
	}{
		"no PKCE":                {"customer-portal", "s3cret", "code_verifier", "", "invalid_grant"},
		"another verifier":       {"customer-portal", "s3cret", "code_verifier", verifier + "x", "invalid_grant"},
		"another address":        {"customer-portal", "s3cret", "redirect_uri", "http://localhost:3000/", "invalid_grant"},
		"another client":         {"order-status", "s3cret", "", "", "invalid_grant"},
		"another code":           {"customer-portal", "s3cret", "code", "x", "invalid_grant"},
		"no secret":              {"", "", "client_id", "customer-portal", "invalid_client"},
		"a public client's code": {"", "", "client_id", "app", "invalid_grant"},
	} {
		issuer := withAlice()
		wrong := redeem(logIn(t, issuer, loginRequest()).Get("code"))
		if row.key != "" {
			wrong.Set(row.key, row.value)
		}
		if got := post(t, issuer, testutil.Token, row.client, row.secret, wrong).body; !strings.Contains(got, row.want) {
			t.Errorf("%s: got %s, want %s", name, got, row.want)
		}
	}
	issuer := withAlice()
	good := redeem(logIn(t, issuer, loginRequest("client_id", "app", "scope", "")).Get("code"))
	good.Set("client_id", "app")
	for _, want := range []string{"access_token", "invalid_grant"} {
		if got := post(t, issuer, testutil.Token, "", "", good).body; !strings.Contains(got, want) {
			t.Errorf("the code of a public client: got %s, want %s", got, want)
		}
	}
	good.Set("grant_type", "client_credentials")
	good.Set("audience", "order-status")
	if got := post(t, issuer, testutil.Token, "", "", good).body; !strings.Contains(got, "invalid_client") {
		t.Errorf("a public client as itself: %s", got)
	}
}

// TestCodeNeedsALongVerifier shows that a verifier that can be guessed is refused, whatever
// the challenge (RFC 7636, section 4.1).
func TestCodeNeedsALongVerifier(t *testing.T) {
	for _, short := range []string{"", "guess", strings.Repeat("a", 42), strings.Repeat("a", 129)} {
		issuer := withAlice()
		digest := sha256.Sum256([]byte(short))
		request := loginRequest("code_challenge", base64.RawURLEncoding.EncodeToString(digest[:]))
		form := redeem(logIn(t, issuer, request).Get("code"))
		form.Set("code_verifier", short)
		if got := post(t, issuer, testutil.Token, "customer-portal", "s3cret", form).body; !strings.Contains(got, "43 to 128 characters") {
			t.Errorf("%d characters: got %s", len(short), got)
		}
	}
}

func TestCodeOfAUserWhoIsGone(t *testing.T) {
	issuer := withAlice()
	code := logIn(t, issuer, loginRequest()).Get("code")
	issuer.SetUsers(testutil.User{Name: "bob"})
	wantRefusal(t, post(t, issuer, testutil.Token, "customer-portal", "s3cret", redeem(code)), 400, "invalid_grant")
}

func TestCodeExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := withAlice()
		code := logIn(t, issuer, loginRequest()).Get("code")
		time.Sleep(time.Minute + time.Second)
		wantRefusal(t, post(t, issuer, testutil.Token, "customer-portal", "s3cret", redeem(code)), 400, "invalid_grant")
	})
}

// TestLoginIsRefused shows which mistakes the browser shows, and which the client gets.
func TestLoginIsRefused(t *testing.T) {
	issuer := withAlice()
	for name, row := range map[string]struct{ key, value, page, code string }{
		"no client":       {"client_id", "nobody", "no client", ""},
		"another machine": {"redirect_uri", "https://evil.example/", "want an address on localhost", ""},
		"a name like it":  {"redirect_uri", "http://localhost.evil.example/", "want an address on localhost", ""},
		"a user":          {"redirect_uri", "http://u@localhost/", "want an address on localhost", ""},
		"another scheme":  {"redirect_uri", "javascript://localhost/%0aalert(1)", "want an address on localhost", ""},
		"implicit":        {"response_type", "token", "", "unsupported_response_type"},
		"plain PKCE":      {"code_challenge_method", "plain", "", "invalid_request"},
		"no PKCE":         {"code_challenge", "", "", "invalid_request"},
		"audience":        {"audience", "human-resource", "", "invalid_target"},
		"no audience":     {"audience", "", "", "invalid_scope"},
		"scope":           {"scope", "orders.write", "", "invalid_scope"},
	} {
		got := get(t, issuer, loginRequest(row.key, row.value))
		back, _ := url.Parse(got.header.Get("Location"))
		if row.page != "" && (got.status != 400 || !strings.Contains(got.body, row.page)) || row.page == "" && back.Query().Get("error") != row.code {
			t.Errorf("%s: got %d %s to %q", name, got.status, got.body, back)
		}
	}
	foreign := request(t, http.MethodPost, loginRequest(), "user=alice")
	foreign.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := send(t, issuer, foreign).status; got != http.StatusForbidden {
		t.Errorf("a form of another site: %d, want 403", got)
	}
	unknown := request(t, http.MethodPost, loginRequest(), "user=mallory")
	unknown.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := send(t, issuer, unknown).status; got != http.StatusBadRequest {
		t.Errorf("an unknown user: %d, want 400", got)
	}
	if got := get(t, corp(), loginRequest()).status; got != http.StatusNotFound {
		t.Errorf("without users: %d, want 404", got)
	}
}

func TestUnregisteredClientIsUnknown(t *testing.T) {
	issuer := corp()
	issuer.Unregister("customer-portal")
	wantRefusal(t, post(t, issuer, testutil.Token, "customer-portal", "s3cret", clientCredentials("audience", "order-status")), 401, "invalid_client")
}

// TestLoginWithoutAnAudienceIsForTheClient shows that a client that exchanges tokens may log a
// user in without an audience: the token is for the client, which exchanges it, also after a
// refresh.
func TestLoginWithoutAnAudienceIsForTheClient(t *testing.T) {
	issuer := withAlice()
	issuer.Register(testutil.Client{
		ID: "portal", Secret: "s3cret", Exchange: true,
		Audiences: []string{"order-status"}, Scopes: map[string][]string{"order-status": {"orders.read"}},
	})
	answer := post(t, issuer, testutil.Token, "portal", "s3cret",
		redeem(logIn(t, issuer, loginRequest("client_id", "portal", "audience", "")).Get("code"))).json(t)
	for _, kind := range []string{"first", "refreshed"} {
		token, _ := answer["access_token"].(string)
		claims := part(t, token, 1)
		if claims["aud"] != "portal" || claims["scope"] != "orders.read" || claims["sub"] != "alice" {
			t.Errorf("%s: claims = %v, want aud portal and scope orders.read", kind, claims)
		}
		got := post(t, issuer, testutil.Token, "portal", "s3cret", form("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange",
			"subject_token", token, "subject_token_type", typeToken, "audience", "order-status")).json(t)
		exchanged, _ := got["access_token"].(string)
		if claims := part(t, exchanged, 1); claims["aud"] != "order-status" || claims["sub"] != "alice" {
			t.Errorf("%s: exchanged for %v", kind, claims)
		}
		refresh, _ := answer["refresh_token"].(string)
		answer = post(t, issuer, testutil.Token, "portal", "s3cret", form("grant_type", "refresh_token", "refresh_token", refresh)).json(t)
	}
	back := get(t, issuer, loginRequest("client_id", "portal", "audience", "", "scope", "openid payroll.write"))
	if !strings.Contains(back.header.Get("Location"), "error=invalid_scope") {
		t.Errorf("a scope of no service of the client: got %d to %q", back.status, back.header.Get("Location"))
	}
}
