package testutil_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

// TestSecondClientLogsInWithoutAQuestion shows the single sign-on: one session, with one
// sid in the tokens of both clients, and another key in the cookie.
func TestSecondClientLogsInWithoutAQuestion(t *testing.T) {
	issuer := withAlice()
	b := newBrowser(t, issuer)
	if got := b.open(t, loginRequest()); got.status != http.StatusOK || b.cookie(t) != "" {
		t.Fatalf("before a login: %d, cookie %q, want a page and no cookie", got.status, b.cookie(t))
	}
	first := b.tokens(t, issuer, "customer-portal", "s3cret")
	second := b.tokens(t, issuer, "backoffice-portal", "s3:cret+%&")
	var sids []any
	for _, token := range []any{first["access_token"], first["id_token"], second["access_token"], second["id_token"]} {
		sids = append(sids, part(t, token.(string), 1)["sid"])
	}
	if sids[0] == nil || sids[0] != sids[1] || sids[0] != sids[2] || sids[0] != sids[3] || sids[0] == b.cookie(t) {
		t.Errorf("sid of the tokens = %v, want one, and not the cookie's %q", sids, b.cookie(t))
	}
	other := newBrowser(t, issuer).tokens(t, issuer, "customer-portal", "s3cret")
	if sid := part(t, other["access_token"].(string), 1)["sid"]; sid == sids[0] {
		t.Error("another browser has the same session")
	}
}

func TestSessionCookie(t *testing.T) {
	issuer := withAlice()
	got := newBrowser(t, issuer).submit(t, loginRequest(), "user", "alice")
	cookie := got.header.Get("Set-Cookie")
	for _, want := range []string{"Path=/realms/corp/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q, want %s", cookie, want)
		}
	}
	if strings.Contains(cookie, "Domain") {
		t.Errorf("cookie %q, want no Domain", cookie)
	}
}

// TestSessionIsFixedByNobody shows that the key of a session is new after each login, so
// that whoever knew or planted the one before is not logged in.
func TestSessionIsFixedByNobody(t *testing.T) {
	issuer := withAlice()
	b, thief := newBrowser(t, issuer), newBrowser(t, issuer)
	b.plant(t, "chosen")
	thief.plant(t, "chosen")
	b.tokens(t, issuer, "customer-portal", "s3cret")
	if got := thief.open(t, loginRequest()); got.status != http.StatusOK {
		t.Errorf("the planted cookie: %d, want the login page", got.status)
	}
	before := b.cookie(t)
	b.submit(t, loginRequest("prompt", "login"), "user", "alice")
	if b.cookie(t) == before {
		t.Error("the cookie is the same after a second login")
	}
	thief.plant(t, before)
	if got := thief.open(t, loginRequest()); got.status != http.StatusOK {
		t.Errorf("the cookie before the second login: %d, want the login page", got.status)
	}
}

// TestPromptAndMaxAge shows when a user with a session, 100 seconds old, is asked.
func TestPromptAndMaxAge(t *testing.T) {
	const code, page = "a code", "a page"
	for _, row := range []struct {
		name, key, value string
		loggedIn         bool
		want             string
	}{
		{"nothing", "", "", true, code},
		{"nothing, without a session", "", "", false, page},
		{"none", "prompt", "none", true, code},
		{"none, without a session", "prompt", "none", false, "login_required"},
		{"login", "prompt", "login", true, page},
		{"select_account", "prompt", "select_account", true, page},
		{"consent", "prompt", "consent", true, page},
		{"none and login", "prompt", "none login", true, "invalid_request"},
		{"an unknown prompt", "prompt", "create", true, "invalid_request"},
		{"a larger max_age", "max_age", "100", true, code},
		{"a smaller max_age", "max_age", "99", true, page},
		{"max_age 0", "max_age", "0", true, page},
		{"a negative max_age", "max_age", "-1", true, "invalid_request"},
		{"a max_age in words", "max_age", "1h", true, "invalid_request"},
		{"no ID token", "id_token_hint", "x.y.z", true, "invalid_request"},
		{"a request object", "request", "x.y.z", true, "request_not_supported"},
		{"a request address", "request_uri", "https://evil.example/", true, "request_uri_not_supported"},
	} {
		synctest.Test(t, func(t *testing.T) {
			issuer := withAlice()
			b := newBrowser(t, issuer)
			if row.loggedIn {
				b.tokens(t, issuer, "customer-portal", "s3cret")
			}
			time.Sleep(100 * time.Second)
			at := loginRequest()
			if row.key != "" {
				at = loginRequest(row.key, row.value)
			}
			answer := b.open(t, at)
			got := answer.back(t).Get("error")
			switch {
			case answer.status == http.StatusOK:
				got = page
			case answer.back(t).Has("code"):
				got = code
			}
			if got != row.want {
				t.Errorf("%s: got %s, want %s", row.name, got, row.want)
			}
		})
	}
}

// TestMaxAgeWithPromptNone shows that no session that is too old passes for a login.
func TestMaxAgeWithPromptNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := withAlice()
		b := newBrowser(t, issuer)
		b.tokens(t, issuer, "customer-portal", "s3cret")
		time.Sleep(time.Minute)
		if got := b.open(t, loginRequest("prompt", "none", "max_age", "30")).back(t).Get("error"); got != "login_required" {
			t.Errorf("error = %q, want login_required", got)
		}
	})
}

func TestHintNamesTheUser(t *testing.T) {
	issuer := withAlice()
	issuer.SetUsers(testutil.User{Name: "alice"}, testutil.User{Name: "bob"})
	b := newBrowser(t, issuer)
	hint := b.tokens(t, issuer, "customer-portal", "s3cret")["id_token"].(string)
	if got := b.open(t, loginRequest("prompt", "none", "id_token_hint", hint)).back(t); !got.Has("code") {
		t.Errorf("alice, for alice: %v, want a code", got)
	}
	b.submit(t, loginRequest("prompt", "login"), "user", "bob")
	if got := b.open(t, loginRequest("prompt", "none", "id_token_hint", hint)).back(t).Get("error"); got != "login_required" {
		t.Errorf("bob, for alice: %s, want login_required", got)
	}
	if got := b.submit(t, loginRequest("id_token_hint", hint), "user", "bob"); got.status != http.StatusBadRequest {
		t.Errorf("bob logs in for alice: %d, want 400", got.status)
	}
}

func TestSessionEndsAfterTenHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := withAlice()
		b := newBrowser(t, issuer)
		tokens := b.tokens(t, issuer, "customer-portal", "s3cret")
		time.Sleep(10*time.Hour + time.Second)
		if got := b.open(t, loginRequest()); got.status != http.StatusOK {
			t.Errorf("after ten hours: %d, want the login page", got.status)
		}
		refresh := form("grant_type", "refresh_token", "refresh_token", tokens["refresh_token"].(string))
		wantRefusal(t, post(t, issuer, testutil.Token, "customer-portal", "s3cret", refresh), 400, "invalid_grant")
	})
}

// TestSessionOfAUserWhoIsGone shows that it counts for nothing.
func TestSessionOfAUserWhoIsGone(t *testing.T) {
	issuer := withAlice()
	b := newBrowser(t, issuer)
	b.tokens(t, issuer, "customer-portal", "s3cret")
	issuer.SetUsers(testutil.User{Name: "bob"})
	if got := b.open(t, loginRequest()); got.status != http.StatusOK {
		t.Errorf("got %d, want the login page", got.status)
	}
}

func TestPasswords(t *testing.T) {
	issuer := withAlice()
	issuer.SetUsers(testutil.User{Name: "alice", Password: "correct horse"}, testutil.User{Name: "bob"})
	page := get(t, issuer, loginRequest("login_hint", `<b>&"`)).body
	for _, want := range []string{`autocomplete="current-password"`, `<button class="other" name="user" value="bob">`, `value="&lt;b&gt;&amp;&#34;"`} {
		if !strings.Contains(page, want) {
			t.Errorf("page without %s:\n%s", want, page)
		}
	}
	if strings.Contains(page, `value="alice"`) {
		t.Error("alice, who has a password, has a button")
	}
	for _, row := range []struct {
		user, password string
		status         int
	}{
		{"alice", "correct horse", 303},
		{"alice", "", 400},
		{"alice", "correct", 400},
		{"alice", "correct horse ", 400},
		{"bob", "", 303},
		{"bob", "x", 400},
		{"carol", "", 400},
		{"", "", 400},
	} {
		got := newBrowser(t, issuer).submit(t, loginRequest(), "user", row.user, "password", row.password)
		if got.status != row.status || got.status == 400 && !strings.Contains(got.body, "No user has this name and this password.") {
			t.Errorf("%q with %q: %d, want %d", row.user, row.password, got.status, row.status)
		}
		if got.status == 400 && got.header.Get("Set-Cookie") != "" {
			t.Errorf("%q with %q: refused, and has a cookie", row.user, row.password)
		}
	}
}

// TestExchangedTokenIsOfTheSession shows that a service's token for a user ends with the
// user's session, and that no further one is given.
func TestExchangedTokenIsOfTheSession(t *testing.T) {
	issuer := withAlice()
	token := newBrowser(t, issuer).tokens(t, issuer, "customer-portal", "s3cret")["access_token"].(string)
	ask := form("grant_type", exchange, "subject_token", token, "subject_token_type", typeToken, "audience", "human-resource")
	further := post(t, issuer, testutil.Token, "order-status", "s3cret", ask).json(t)["access_token"].(string)
	if was, is := part(t, token, 1)["sid"], part(t, further, 1)["sid"]; was == nil || was != is {
		t.Errorf("sid = %v, want %v", is, was)
	}
	if err := issuer.EndSessions(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if got := post(t, issuer, testutil.Introspection, "order-status", "s3cret", form("token", further)).json(t)["active"]; got != false {
		t.Errorf("after the logout: active = %v", got)
	}
	wantRefusal(t, post(t, issuer, testutil.Token, "order-status", "s3cret", ask), 400, "invalid_grant")
}

// TestPagesCannotBeFramed shows the headers of the pages.
func TestPagesCannotBeFramed(t *testing.T) {
	issuer := withAlice()
	for _, at := range []string{loginRequest(), issuerURL + "/logout", loginRequest("client_id", "nobody")} {
		header := get(t, issuer, at).header
		policy := header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src 'none'") || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", at, header)
		}
	}
	page := get(t, issuer, loginRequest())
	_, style, _ := strings.Cut(page.body, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	digest := sha256.Sum256([]byte(style))
	if want := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'"; !strings.Contains(page.header.Get("Content-Security-Policy"), want) {
		t.Errorf("policy %s, want %s, so that browsers take the style", page.header.Get("Content-Security-Policy"), want)
	}
	if got := send(t, issuer, request(t, http.MethodPut, loginRequest(), "")).status; got != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d, want 405", got)
	}
}
