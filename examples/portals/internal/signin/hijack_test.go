package signin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/examples/portals/internal/webtest"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestSessionIsNewAtEachSignIn shows that no session that a browser brings along is adopted.
func TestSessionIsNewAtEachSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada", "mallory")
	mallory := webtest.NewBrowser(t)
	w.enter(mallory, "mallory")
	own := mallory.Cookie(w.portal, "__Host-session")

	for _, row := range []struct{ name, planted string }{{"an unknown id", "chosen-by-mallory"}, {"a live session", own}} {
		t.Run(row.name, func(t *testing.T) {
			victim := webtest.NewBrowser(t)
			victim.SetCookie(w.portal, "__Host-session", row.planted)
			w.enter(victim, "ada")
			w.checkIn(t, victim, "ada")
			if got := victim.Cookie(w.portal, "__Host-session"); got == row.planted || got == "" {
				t.Errorf("session after the sign-in: got %q, want a new one", got)
			}
			mallory.SetCookie(w.portal, "__Host-session", row.planted)
			if page := mallory.Open(w.portal + "/"); strings.Contains(page.Shown(), "Signed in as ada") {
				t.Errorf("the planted session shows the page of the victim: %s", page.Shown())
			}
		})
	}
	t.Run("the session before", func(t *testing.T) {
		b := webtest.NewBrowser(t)
		w.enter(b, "ada")
		before := b.Cookie(w.portal, "__Host-session")
		b.Open(w.portal + "/signin") // signed on
		w.checkIn(t, b, "ada")
		b.SetCookie(w.portal, "__Host-session", before)
		if page := b.Open(w.portal + "/"); page.Status != http.StatusUnauthorized {
			t.Errorf("the session before: got %d, want it ended", page.Status)
		}
	})
}

func TestCookiesAreForThisHostAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada")
	b := webtest.NewBrowser(t)
	to := w.answer(t, b, "ada")
	b.Stay()
	page := b.Open(to.String())
	lines := page.Header.Values("Set-Cookie")
	if len(lines) != 2 {
		t.Fatalf("cookies: got %q, want the session, and the end of the sign-in", lines)
	}
	for _, line := range lines {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("got cookie %q, want __Host-, Secure, HttpOnly, Path=/, SameSite=Lax and no Domain", line)
		}
	}
}

// TestTwoCookiesAreNone shows that a browser that sends two sessions, one of which another may have
// planted, is signed in with neither.
func TestTwoCookiesAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada")
	b := webtest.NewBrowser(t)
	w.enter(b, "ada")
	own := b.Cookie(w.portal, "__Host-session")
	for _, planted := range []string{"x", own} {
		for _, both := range []string{"__Host-session=" + own + "; __Host-session=" + planted, "__Host-session=" + planted + "; __Host-session=" + own} {
			fresh := webtest.NewBrowser(t)
			r := fresh.Request(http.MethodGet, w.portal+"/", nil)
			r.Header.Set("Cookie", both)
			if page := fresh.Do(r); page.Status != http.StatusUnauthorized {
				t.Errorf("%s: got %d, want nobody signed in", both, page.Status)
			}
		}
	}
	w.checkIn(t, b, "ada")
}

// TestFormsOfOtherSitesAreRefused sends the form that signs out as other sites could.
func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada", "ben")
	b := webtest.NewBrowser(t)
	home := w.enter(b, "ada")
	token := home.Attribute("input", "value")
	other := webtest.NewBrowser(t)
	foreign := w.enter(other, "ben").Attribute("input", "value")
	if token == "" || foreign == "" || token == foreign {
		t.Fatalf("tokens of the forms: %q, %q", token, foreign)
	}
	const bySite, outOfDate = "This form was sent by another site", "This form is out of date"
	for _, row := range []struct {
		name, site, origin string
		form               url.Values
		want               string
	}{
		{"cross-site", "cross-site", "https://evil.example.com", url.Values{"form": {token}}, bySite},
		{"the other portal", "cross-site", "http://backoffice.localhost:9202", url.Values{"form": {token}}, bySite},
		{"same site, another host", "same-site", "http://evil.localhost", url.Values{"form": {token}}, bySite},
		{"an old browser", "", "https://evil.example.com", url.Values{"form": {token}}, bySite},
		{"an origin that is hidden", "", "null", url.Values{"form": {token}}, bySite},
		{"no token", "same-origin", w.portal, url.Values{"x": {"y"}}, outOfDate},
		{"an empty token", "same-origin", w.portal, url.Values{"form": {""}}, outOfDate},
		{"the token of another session", "same-origin", w.portal, url.Values{"form": {foreign}}, outOfDate},
		{"no token, and no word of the browser", "", "", url.Values{"x": {"y"}}, outOfDate},
		{"a body without end", "same-origin", w.portal, url.Values{"form": {token + strings.Repeat("x", 1<<20)}}, outOfDate},
	} {
		r := b.Request(http.MethodPost, w.portal+"/signout", row.form)
		if row.site != "" {
			r.Header.Set("Sec-Fetch-Site", row.site)
		}
		if row.origin != "" {
			r.Header.Set("Origin", row.origin)
		}
		page := b.Do(r)
		if page.Status != http.StatusForbidden || page.Heading() != row.want {
			t.Errorf("%s: got %d %q, want %d %q", row.name, page.Status, page.Heading(), http.StatusForbidden, row.want)
		}
		w.checkIn(t, b, "ada")
	}
	if page := b.Open(w.portal + "/signout"); page.Status == http.StatusOK {
		t.Errorf("GET /signout: got %d, want no page", page.Status)
	}
	w.checkIn(t, b, "ada")
}

func TestSignOutEndsTheLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada")
	b := webtest.NewBrowser(t)
	home := w.enter(b, "ada")
	session := b.Cookie(w.portal, "__Host-session")
	page := b.Submit(home, "/signout", nil)
	if page.URL.String() != w.portal+"/signed-out" || page.Heading() != "You are signed out" {
		t.Errorf("after signing out: got %q at %s", page.Heading(), page.URL)
	}
	b.SetCookie(w.portal, "__Host-session", session)
	if page := b.Open(w.portal + "/"); page.Status != http.StatusUnauthorized || page.Heading() != "Your session has ended" {
		t.Errorf("the session afterwards: got %d %q, want it ended", page.Status, page.Heading())
	}
	if page := b.Open(w.portal + "/signin"); page.URL.Host == strings.TrimPrefix(w.portal, "http://") {
		t.Errorf("the next sign-in: got %s, want the question who it is", page.URL)
	}
}

func TestSignOutWhileTheProviderIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada")
	w.issuer.Fault("/.well-known/openid-configuration", w.issuer.Alter("/.well-known/openid-configuration", func(metadata map[string]any) {
		delete(metadata, "end_session_endpoint")
	}))
	b := webtest.NewBrowser(t)
	page := b.Submit(w.enter(b, "ada"), "/signout", nil)
	if page.Status != http.StatusOK || page.Heading() != "You are signed out of this portal" {
		t.Errorf("got %d %q, want a page that says that others are not told", page.Status, page.Heading())
	}
	if page := b.Open(w.portal + "/"); page.Status != http.StatusUnauthorized {
		t.Errorf("start page: got %d, want nobody signed in", page.Status)
	}
}

// TestNamesAreText shows users whose names are markup, and characters that change how text is
// shown.
func TestNamesAreText(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, want string }{
		{`<script>alert(1)</script>`, `<script>alert(1)</script>`},
		{`"><img src=x onerror=alert(1)>`, `"><img src=x onerror=alert(1)>`},
		{"ada\u202egnp.exe", "ada\ufffdgnp.exe"},
		{"ada\u0007\u001b[31m", "ada\ufffd\ufffd[31m"},
		{"{{.Form}}", "{{.Form}}"},
		{strings.Repeat("x", 500), strings.Repeat("x", 80) + "…"},
	} {
		w := newWorld(t, row.name)
		b := webtest.NewBrowser(t)
		home := w.enter(b, row.name)
		if home.Status != http.StatusOK || !strings.Contains(home.Shown(), "Signed in as "+row.want+" ") {
			t.Errorf("%q: got %d %s, want the name %q", row.name, home.Status, home.Shown(), row.want)
		}
		if home.Attribute("img", "src") != "" || strings.Contains(home.Text, "<script>alert") {
			t.Errorf("%q is markup in: %s", row.name, home.Text)
		}
		page := b.Open(w.portal + "/callback") // whose link has the name
		if strings.Contains(page.Text, "<script>alert") || page.Attribute("img", "src") != "" || strings.ContainsAny(page.Text, "\u202e\u0007\u001b") {
			t.Errorf("%q is markup in: %s", row.name, page.Text)
		}
	}
}

// TestNamesOfTheProviderAreText shows that the name in an ID token is text too.
func TestNamesOfTheProviderAreText(t *testing.T) {
	t.Parallel()
	for _, claim := range []string{"name", "preferred_username"} {
		w := newWorld(t, "ada")
		w.issuer.Fault(testutil.Token, w.issuer.Alter(testutil.Token, func(response map[string]any) {
			claims := payload(t, response["id_token"].(string))
			claims[claim] = "<b>Ada</b>\u202e\u0000"
			response["id_token"] = w.issuer.Mint(claims)
		}))
		b := webtest.NewBrowser(t)
		home := w.enter(b, "ada")
		if !strings.Contains(home.Shown(), "Signed in as <b>Ada</b>\ufffd\ufffd ") {
			t.Errorf("%s: got %d %s, want the name as text", claim, home.Status, home.Shown())
		}
	}
}
