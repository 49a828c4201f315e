package signin_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/examples/portals/internal/webtest"
	"github.com/grpcaud/grpcaud/testutil"
)

const (
	cannotFinish = "This sign-in cannot be finished here"
	noAnswer     = "This is no answer of the sign-in page"
	usedBefore   = "This sign-in was used before, or is too old"
	otherSignIn  = "The answer belongs to another sign-in"
)

func TestSignInReturnsToThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada")
	b := webtest.NewBrowser(t)
	page := b.Open(w.portal + "/orders/o-1?tab=2")
	if page.Status != http.StatusUnauthorized {
		t.Fatalf("page without a session: got %d, want %d", page.Status, http.StatusUnauthorized)
	}
	page = w.password(b, b.Open(page.Link("Sign in")), "ada")
	if got, want := page.URL.String(), w.portal+"/orders/o-1?tab=2"; got != want || page.Status != http.StatusOK {
		t.Errorf("after the sign-in: got %d at %q, want 200 at %q", page.Status, got, want)
	}
	w.checkIn(t, b, "ada")
	if b.Cookie(w.portal, "__Host-signin") != "" {
		t.Error("the cookie of the sign-in is still there")
	}
}

func TestStateIsOfThisBrowserAndOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada", "ben")
	t.Run("replayed", func(t *testing.T) {
		b := webtest.NewBrowser(t)
		to := w.answer(t, b, "ada")
		b.Open(to.String())
		w.checkIn(t, b, "ada")
		page := b.Open(to.String())
		if page.Status != http.StatusBadRequest || page.Heading() != cannotFinish {
			t.Errorf("got %d %q, want %d %q", page.Status, page.Heading(), http.StatusBadRequest, cannotFinish)
		}
		w.checkIn(t, b, "ada") // as before
	})
	t.Run("foreign", func(t *testing.T) {
		mallory, ada := webtest.NewBrowser(t), webtest.NewBrowser(t)
		to := w.answer(t, mallory, "ben")
		own := w.answer(t, ada, "ada") // ada has begun a sign-in too
		w.checkRefused(t, ada, ada.Open(to.String()), http.StatusBadRequest, cannotFinish)
		ada.Open(own.String()) // which a link of another site does not end
		w.checkIn(t, ada, "ada")
	})
	t.Run("foreign, no sign-in begun", func(t *testing.T) {
		to := w.answer(t, webtest.NewBrowser(t), "ben")
		ada := webtest.NewBrowser(t)
		w.checkRefused(t, ada, ada.Open(to.String()), http.StatusBadRequest, cannotFinish)
	})
	t.Run("of an earlier sign-in of the browser", func(t *testing.T) {
		b := webtest.NewBrowser(t)
		to := w.answer(t, b, "ada")
		b.Stay()
		b.Open(w.portal + "/signin")
		b.Follow()
		w.checkRefused(t, b, b.Open(to.String()), http.StatusBadRequest, cannotFinish)
	})
	for _, row := range []struct{ name, parameter, value, heading string }{
		{"altered", "state", "x", cannotFinish},
		{"missing", "state", "", noAnswer},
		{"without a code", "code", "", noAnswer},
		{"of another issuer", "iss", "https://other.example.com", noAnswer},
		{"of no issuer", "iss", "", noAnswer},
		{"with a code and an error", "error", "access_denied", noAnswer},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := webtest.NewBrowser(t)
			to := w.answer(t, b, "ada")
			w.checkRefused(t, b, b.Open(with(to, row.parameter, row.value)), http.StatusBadRequest, row.heading)
		})
	}
	t.Run("given twice", func(t *testing.T) {
		b := webtest.NewBrowser(t)
		to := w.answer(t, b, "ada")
		w.checkRefused(t, b, b.Open(to.String()+"&state=x"), http.StatusBadRequest, noAnswer)
	})
}

func TestTamperedCookieIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada")
	for _, row := range []struct {
		name   string
		change func(value string) string
	}{
		{"one character", func(v string) string { return v[:20] + swapped(v[20]) + v[21:] }},
		{"cut", func(v string) string { return v[:len(v)/2] }},
		{"empty", func(string) string { return "" }},
		{"no base64", func(string) string { return "%%%" }},
		{"plain JSON", func(string) string {
			return base64.RawURLEncoding.EncodeToString([]byte(`{"State":"x","Nonce":"x"}`))
		}},
	} {
		t.Run("sign-in: "+row.name, func(t *testing.T) {
			b := webtest.NewBrowser(t)
			to := w.answer(t, b, "ada")
			b.SetCookie(w.portal, "__Host-signin", row.change(b.Cookie(w.portal, "__Host-signin")))
			w.checkRefused(t, b, b.Open(to.String()), http.StatusBadRequest, cannotFinish)
		})
		t.Run("session: "+row.name, func(t *testing.T) {
			b := webtest.NewBrowser(t)
			w.enter(b, "ada")
			w.checkIn(t, b, "ada")
			value := b.Cookie(w.portal, "__Host-session")
			b.SetCookie(w.portal, "__Host-session", row.change(value))
			if page := b.Open(w.portal + "/"); page.Status != http.StatusUnauthorized {
				t.Errorf("got %d %q, want nobody signed in", page.Status, page.Heading())
			}
		})
	}
}

func swapped(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

func TestCodeIsGoodOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada")
	victim := webtest.NewBrowser(t)
	used := w.answer(t, victim, "ada")
	victim.Open(used.String())

	mallory := webtest.NewBrowser(t)
	own := w.answer(t, mallory, "ada")
	page := mallory.Open(with(own, "code", used.Query().Get("code")))
	w.checkRefused(t, mallory, page, http.StatusBadRequest, usedBefore)
	w.checkIn(t, victim, "ada")
}

// TestStolenCodeIsUseless shows PKCE: a code that nobody has used yet is refused in another
// sign-in.
func TestStolenCodeIsUseless(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada", "ben")
	stolen := w.answer(t, webtest.NewBrowser(t), "ada")
	mallory := webtest.NewBrowser(t)
	own := w.answer(t, mallory, "ben")
	page := mallory.Open(with(own, "code", stolen.Query().Get("code")))
	w.checkRefused(t, mallory, page, http.StatusBadRequest, usedBefore)
}

func TestIDTokenIsOfThisSignIn(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(testutil.Claims)
	}{
		{"another nonce", func(c testutil.Claims) { c["nonce"] = "of another sign-in" }},
		{"no nonce", func(c testutil.Claims) { delete(c, "nonce") }},
		{"empty nonce", func(c testutil.Claims) { c["nonce"] = "" }},
		{"another client", func(c testutil.Claims) { c["aud"] = "other-portal" }},
		{"two audiences and no azp", func(c testutil.Claims) { c["aud"] = []string{"portal", "other-portal"} }},
		{"issued to another client", func(c testutil.Claims) { c["azp"] = "other-portal" }},
		{"another issuer", func(c testutil.Claims) { c["iss"] = "https://other.example.com" }},
		{"expired", func(c testutil.Claims) { c["exp"] = 1 }},
		{"of another access token", func(c testutil.Claims) { c["at_hash"] = "x" }},
		{"without a user", func(c testutil.Claims) { delete(c, "sub") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, "ada")
			w.issuer.Fault(testutil.Token, w.issuer.Alter(testutil.Token, func(response map[string]any) {
				claims := payload(t, response["id_token"].(string))
				row.change(claims)
				response["id_token"] = w.issuer.Mint(claims)
			}))
			b := webtest.NewBrowser(t)
			w.checkRefused(t, b, w.enter(b, "ada"), http.StatusBadRequest, otherSignIn)
		})
	}
	t.Run("signed by a stranger", func(t *testing.T) {
		w := newWorld(t, "ada")
		w.issuer.Fault(testutil.Token, w.issuer.Alter(testutil.Token, func(response map[string]any) {
			response["id_token"] = w.issuer.Mint(payload(t, response["id_token"].(string)), testutil.SignedBy(testutil.NewKey("ES256")))
		}))
		b := webtest.NewBrowser(t)
		w.checkRefused(t, b, w.enter(b, "ada"), http.StatusBadRequest, otherSignIn)
	})
	t.Run("missing", func(t *testing.T) {
		w := newWorld(t, "ada")
		w.issuer.Fault(testutil.Token, w.issuer.Alter(testutil.Token, func(response map[string]any) { delete(response, "id_token") }))
		b := webtest.NewBrowser(t)
		w.checkRefused(t, b, w.enter(b, "ada"), http.StatusBadRequest, otherSignIn)
	})
}

// payload returns the claims of a token.
func payload(t *testing.T, token string) testutil.Claims {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	claims := testutil.Claims{}
	if err := json.Unmarshal(text, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// TestReturnToIsAPageOfThePortal tries to be led elsewhere after a sign-in.
func TestReturnToIsAPageOfThePortal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada")
	b := webtest.NewBrowser(t)
	b.Stay()
	for _, to := range []string{
		"https://evil.example.com", "//evil.example.com", "///evil.example.com", "/\\evil.example.com", "\\\\evil.example.com",
		"http:evil.example.com", "javascript:alert(1)", "data:text/html,x", "/\t/evil.example.com", "/\n/evil.example.com", "\t//evil.example.com",
		" //evil.example.com", "/%0d%0aSet-Cookie:x=y", "/..//evil.example.com", "/.//evil.example.com", "/%5cevil.example.com",
		"@evil.example.com", "evil.example.com", "", "/orders#//evil.example.com", "/signin", "/signout", "/callback?code=x",
		"http://customer.localhost@evil.example.com/", "/" + strings.Repeat("a", 600), "/\u2028x", "/%2f/evil.example.com",
	} {
		p := b.Open(w.portal + "/signin?" + url.Values{"return_to": {to}}.Encode())
		if p.Status != http.StatusBadRequest || p.Heading() != "This link leads away from the portal" || p.Link("Sign in") != w.portal+"/signin" {
			t.Errorf("return_to=%q: got %d %q, want it refused with a link to the sign-in", to, p.Status, p.Heading())
		}
	}
	twice := b.Open(w.portal + "/signin?return_to=/&return_to=https://evil.example.com")
	if twice.Status != http.StatusBadRequest {
		t.Errorf("return_to twice: got %d, want %d", twice.Status, http.StatusBadRequest)
	}
}

// TestNoParameterLeadsElsewhere gives every parameter that the portal and its provider know an
// address of another site, on every page.
func TestNoParameterLeadsElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada")
	const evil = "https://evil.example.com/"
	names := []string{"return_to", "redirect_uri", "redirect", "next", "url", "post_logout_redirect_uri", "iss", "state", "code", "error", "error_uri", "target_link_uri", "id_token_hint", "client_id"}
	for _, path := range []string{"/", "/signin", "/callback", "/signed-out", "/session"} {
		b := webtest.NewBrowser(t)
		b.Stay()
		for _, name := range names {
			p := b.Open(w.portal + path + "?" + url.Values{name: {evil}}.Encode())
			to := p.Header.Get("Location")
			if to != "" && !strings.HasPrefix(to, w.issuer.URL()+"/") && !strings.HasPrefix(to, "/") {
				t.Errorf("%s?%s=%s: led to %q", path, name, evil, to)
			}
			if strings.Contains(to, "evil") || strings.Contains(p.Link("Sign in"), "//evil") {
				t.Errorf("%s?%s=%s: the address goes on in %q %q", path, name, evil, to, p.Link("Sign in"))
			}
		}
	}
}
