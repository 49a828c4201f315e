package testutil_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

const backHome = "http://localhost:3000/bye?x=1"

// endSession is the address of a logout; pairs are names and values in turn.
func endSession(pairs ...string) string {
	return issuerURL + string(testutil.EndSession) + "?" + form(pairs...).Encode()
}

// TestLogoutByAClient shows that a client which shows the ID token of the session ends it
// without a question, also long after the ID token has expired.
func TestLogoutByAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := withAlice()
		b := newBrowser(t, issuer)
		tokens := b.tokens(t, issuer, "customer-portal", "s3cret")
		access := form("token", tokens["access_token"].(string))
		if got := post(t, issuer, testutil.Introspection, "customer-portal", "s3cret", access).json(t)["active"]; got != true {
			t.Fatalf("before: active = %v", got)
		}
		unused := b.open(t, loginRequest()).back(t).Get("code")
		got := b.open(t, endSession("id_token_hint", tokens["id_token"].(string), "post_logout_redirect_uri", backHome, "state", "s"))
		if at := got.header.Get("Location"); got.status != http.StatusSeeOther || at != "http://localhost:3000/bye?state=s&x=1" {
			t.Errorf("logout: %d to %q %s", got.status, at, got.body)
		}
		if b.cookie(t) != "" {
			t.Error("the browser keeps its cookie")
		}
		if got := b.open(t, loginRequest()); got.status != http.StatusOK {
			t.Errorf("then a login: %d, want the login page", got.status)
		}
		if got := post(t, issuer, testutil.Introspection, "customer-portal", "s3cret", access).json(t)["active"]; got != false {
			t.Errorf("after: active = %v", got)
		}
		wantRefusal(t, post(t, issuer, testutil.Token, "customer-portal", "s3cret", redeem(unused)), 400, "invalid_grant")

		tokens = b.tokens(t, issuer, "customer-portal", "s3cret")
		time.Sleep(time.Hour)
		b.open(t, endSession("id_token_hint", tokens["id_token"].(string)))
		if got := b.open(t, loginRequest()); got.status != http.StatusOK {
			t.Errorf("after a logout with an expired ID token: %d, want the login page", got.status)
		}
	})
}

// TestLogoutAsksTheUser shows that nobody but the user, or a client with an ID token of
// this session, ends it.
func TestLogoutAsksTheUser(t *testing.T) {
	issuer := withAlice()
	b, other := newBrowser(t, issuer), newBrowser(t, issuer)
	b.tokens(t, issuer, "customer-portal", "s3cret")
	foreign := other.tokens(t, issuer, "customer-portal", "s3cret")["id_token"].(string)
	logout := endSession("client_id", "customer-portal", "post_logout_redirect_uri", backHome)
	for name, at := range map[string]string{"nothing": endSession(), "the client's id": logout, "the ID token of another session": endSession("id_token_hint", foreign)} {
		page := b.open(t, at)
		if page.status != http.StatusOK || !strings.Contains(page.body, "You are signed in as alice") {
			t.Errorf("with %s: %d %s", name, page.status, page.body)
		}
		for _, ticket := range []string{"", "x", other.open(t, at).body} {
			b.submit(t, at, "ticket", ticket)
		}
	}
	if got := b.open(t, loginRequest("prompt", "none")).back(t); !got.Has("code") {
		t.Fatalf("the session has ended unasked: %v", got)
	}
	page := b.open(t, logout)
	action := page.body[strings.Index(page.body, `action="`)+len(`action="`):]
	action = strings.ReplaceAll(action[:strings.Index(action, `"`)], "&amp;", "&")
	got := b.submit(t, issuerURL+string(testutil.EndSession)+action, "ticket", page.ticket(t))
	if at := got.header.Get("Location"); at != backHome {
		t.Errorf("confirmed: %d to %q %s", got.status, at, got.body)
	}
	if got := b.open(t, loginRequest("prompt", "none")).back(t).Get("error"); got != "login_required" {
		t.Errorf("after the logout: %q, want login_required", got)
	}
	if got := b.open(t, endSession()); !strings.Contains(got.body, "You are signed out") {
		t.Errorf("a second logout: %s", got.body)
	}
}

func TestLogoutIsRefused(t *testing.T) {
	issuer := withAlice()
	issuer.Register(testutil.Client{
		ID: "backoffice-portal", Secret: "s3:cret+%&", Audiences: []string{"order-status"},
		PostLogoutRedirectURIs: []string{"https://office.example/bye"},
	})
	b := newBrowser(t, issuer)
	tokens := b.tokens(t, issuer, "backoffice-portal", "s3:cret+%&")
	hint, access := tokens["id_token"].(string), tokens["access_token"].(string)
	stranger := issuer.Mint(testutil.Claims{"aud": "backoffice-portal", "sid": part(t, hint, 1)["sid"], "at_hash": "x"}, testutil.SignedBy(testutil.NewKey("ES256")))
	other := testutil.NewIssuer("https://other.example")
	foreign := issuer.Mint(testutil.Claims{"iss": other.URL(), "aud": "backoffice-portal", "at_hash": "x"})
	for name, row := range map[string]struct{ query, want string }{
		"an address without a client":  {endSession("post_logout_redirect_uri", backHome), "needs id_token_hint or client_id"},
		"an unknown client":            {endSession("client_id", "nobody"), "no client"},
		"another client than the hint": {endSession("client_id", "customer-portal", "id_token_hint", hint), "not the client"},
		"an unregistered address":      {endSession("id_token_hint", hint, "post_logout_redirect_uri", backHome), "one of the registered"},
		"another machine":              {endSession("client_id", "customer-portal", "post_logout_redirect_uri", "https://evil.example/"), "want an address on localhost"},
		"an access token":              {endSession("id_token_hint", access), "no ID token"},
		"a stranger's ID token":        {endSession("id_token_hint", stranger), "no ID token"},
		"another issuer's ID token":    {endSession("id_token_hint", foreign), "no ID token"},
		"no token":                     {endSession("id_token_hint", "x"), "no ID token"},
		"two hints":                    {endSession("id_token_hint", hint, "id_token_hint", hint), "repeated"},
		"two addresses":                {endSession("id_token_hint", hint, "post_logout_redirect_uri", "https://office.example/bye", "post_logout_redirect_uri", "https://evil.example/"), "repeated"},
	} {
		if got := b.open(t, row.query); got.status != http.StatusBadRequest || !strings.Contains(got.body, row.want) {
			t.Errorf("%s: %d %s, want %s", name, got.status, got.body, row.want)
		}
	}
	if got := b.open(t, loginRequest("prompt", "none")).back(t); !got.Has("code") {
		t.Errorf("a refused logout has ended the session: %v", got)
	}
	if got := b.open(t, endSession("id_token_hint", hint, "post_logout_redirect_uri", "https://office.example/bye")).header.Get("Location"); got != "https://office.example/bye" {
		t.Errorf("the registered address: %q", got)
	}
}

// TestLogoutByAForm shows that a client may send the browser with a form of its own site,
// to which no cookie comes along.
func TestLogoutByAForm(t *testing.T) {
	issuer := withAlice()
	b := newBrowser(t, issuer)
	hint := b.tokens(t, issuer, "customer-portal", "s3cret")["id_token"].(string)
	values := url.Values{"id_token_hint": {hint}}
	r := request(t, http.MethodPost, issuerURL+string(testutil.EndSession), values.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := send(t, issuer, r); got.status != http.StatusOK || !strings.Contains(got.body, "You are signed out") {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := b.open(t, loginRequest("prompt", "none")).back(t).Get("error"); got != "login_required" {
		t.Errorf("after the logout: %q, want login_required", got)
	}
}

// TestFormOfAnotherSiteLogsNobodyOut shows that a form of another site, to which no cookie
// comes along, neither ends the session of the browser nor takes its cookie away.
func TestFormOfAnotherSiteLogsNobodyOut(t *testing.T) {
	issuer := withAlice()
	b := newBrowser(t, issuer)
	b.tokens(t, issuer, "customer-portal", "s3cret")
	for _, pairs := range [][]string{nil, {"client_id", "customer-portal"}, {"client_id", "customer-portal", "post_logout_redirect_uri", backHome}, {"ticket", "x"}} {
		r := request(t, http.MethodPost, issuerURL+string(testutil.EndSession), form(pairs...).Encode())
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if got := send(t, issuer, r); len(got.header["Set-Cookie"]) > 0 {
			t.Errorf("%q: the browser gets the cookie %q", pairs, got.header["Set-Cookie"])
		}
	}
	if got := b.open(t, loginRequest("prompt", "none")).back(t); !got.Has("code") {
		t.Errorf("the session has ended: %v", got)
	}
}
