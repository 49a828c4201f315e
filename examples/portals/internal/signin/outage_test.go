package signin_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
	"github.com/grpcaud/grpcaud/examples/portals/internal/webtest"
	"github.com/grpcaud/grpcaud/testutil"
)

const (
	noProvider = "The sign-in page does not answer"
	wrongSetUp = "The portal is set up wrongly"
)

// TestProviderIsDown shows that an outage is a page with a way to try again, at each request
// that a portal makes to its provider, and that the portal recovers.
func TestProviderIsDown(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		endpoint testutil.Endpoint
		fault    http.Handler
	}{
		{"metadata: 503", testutil.Discovery, testutil.RespondStatus(http.StatusServiceUnavailable)},
		{"metadata: too many requests", testutil.Discovery, testutil.RespondStatus(http.StatusTooManyRequests)},
		{"token: 502", testutil.Token, testutil.RespondStatus(http.StatusBadGateway)},
		{"keys: 500", testutil.JWKS, testutil.RespondStatus(http.StatusInternalServerError)},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, "ada")
			b := webtest.NewBrowser(t)
			w.issuer.Fault(row.endpoint, row.fault)
			page := b.Open(w.portal + "/signin?return_to=/orders/o-1")
			if row.endpoint != testutil.Discovery {
				page = w.password(b, page, "ada")
			}
			w.checkRefused(t, b, page, http.StatusServiceUnavailable, noProvider)
			if got := page.Header.Get("Retry-After"); got != "5" {
				t.Errorf("Retry-After = %q, want 5", got)
			}
			if got, want := page.Link("Try again"), w.portal+"/signin?return_to=%2Forders%2Fo-1"; got != want {
				t.Errorf("try again: got %q, want %q", got, want)
			}
		})
	}
	t.Run("no connection, and then one", func(t *testing.T) {
		w := newWorld(t, "ada")
		b := webtest.NewBrowser(t)
		to := w.answer(t, b, "ada")
		w.issuer.Down()
		w.checkRefused(t, b, b.Open(to.String()), http.StatusServiceUnavailable, noProvider)
		w.issuer.Up()
		b.Open(w.portal + "/signin")
		w.checkIn(t, b, "ada")
	})
}

// TestWrongSetUpIsNotTheUsersFault shows that what only the operator can mend is another page
// than what a user can: it offers no sign-in, so that nobody goes round in a circle.
func TestWrongSetUpIsNotTheUsersFault(t *testing.T) {
	t.Parallel()
	oauthError := func(code string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"` + code + `"}`))
		})
	}
	for _, row := range []struct {
		name     string
		endpoint testutil.Endpoint
		fault    http.Handler
	}{
		{"secret", testutil.Token, oauthError("invalid_client")},
		{"grant", testutil.Token, oauthError("unauthorized_client")},
		{"scope", testutil.Token, oauthError("invalid_scope")},
		{"a page for people", testutil.Token, testutil.RespondStatus(http.StatusNotFound)},
		{"a redirect", testutil.Token, testutil.RespondRedirect("https://evil.example.com/token")},
		{"metadata: none", testutil.Discovery, testutil.RespondStatus(http.StatusNotFound)},
		{"metadata: of another issuer", testutil.Discovery, testutil.RespondBody("application/json", `{"issuer":"https://other.example.com"}`)},
		{"metadata: no JSON", testutil.Discovery, testutil.RespondBody("text/html", "<html>")},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, "ada")
			b := webtest.NewBrowser(t)
			w.issuer.Fault(row.endpoint, row.fault)
			page := b.Open(w.portal + "/signin")
			if row.endpoint != testutil.Discovery {
				page = w.password(b, page, "ada")
			}
			w.checkRefused(t, b, page, http.StatusInternalServerError, wrongSetUp)
			if page.Link("Sign in") != "" {
				t.Error("the page offers another sign-in, which would end here again")
			}
		})
	}
	t.Run("metadata: too large", func(t *testing.T) {
		w := newWorld(t, "ada")
		w.issuer.Fault(testutil.Discovery, w.issuer.Alter(testutil.Discovery, func(metadata map[string]any) {
			metadata["padding"] = strings.Repeat("x", 2<<20)
		}))
		b := webtest.NewBrowser(t)
		w.checkRefused(t, b, b.Open(w.portal+"/signin"), http.StatusInternalServerError, wrongSetUp)
	})
	t.Run("the answer's error", func(t *testing.T) {
		w := newWorld(t, "ada")
		for code, want := range map[string]string{
			"access_denied": "You are not signed in", "login_required": "You are not signed in",
			"server_error": noProvider, "temporarily_unavailable": noProvider,
			"unauthorized_client": wrongSetUp, "invalid_scope": wrongSetUp, "<script>alert(1)</script>": wrongSetUp,
		} {
			b := webtest.NewBrowser(t)
			to := w.answer(t, b, "ada")
			page := b.Open(with(to, "code", "") + "&error=" + code + "&error_description=call+0900+to+win")
			if page.Heading() != want || strings.Contains(page.Text, "0900") || strings.Contains(page.Text, code) && strings.Contains(code, "<") {
				t.Errorf("error=%s: got %q, want %q, without the description", code, page.Heading(), want)
			}
			if !strings.Contains(w.log.String(), "call 0900 to win") {
				t.Errorf("error=%s: the log has no description:\n%s", code, w.log)
			}
		}
	})
	for name, value := range map[string]any{"sid": 5, "name": []string{"ada"}, "preferred_username": map[string]any{}} {
		t.Run("the ID token's "+name, func(t *testing.T) {
			w := newWorld(t, "ada")
			w.issuer.Fault(testutil.Token, w.issuer.Alter(testutil.Token, func(response map[string]any) {
				claims := payload(t, response["id_token"].(string))
				claims[name] = value
				response["id_token"] = w.issuer.Mint(claims)
			}))
			b := webtest.NewBrowser(t)
			w.checkRefused(t, b, w.enter(b, "ada"), http.StatusInternalServerError, wrongSetUp)
		})
	}
	t.Run("another secret", func(t *testing.T) {
		w := newWorld(t, "ada")
		w.issuer.Register(testutil.Client{ID: "portal", Secret: "another", Audiences: []string{"order-status"}})
		b := webtest.NewBrowser(t)
		w.checkRefused(t, b, w.enter(b, "ada"), http.StatusInternalServerError, wrongSetUp)
		if log := w.log.String(); !strings.Contains(log, "invalid_client") || strings.Contains(log, "secret of the portal") {
			t.Errorf("log: %s", log)
		}
	})
}

// TestNobodyGoesRoundInACircle shows that no page of the portal leads to the provider by itself,
// also if the browser keeps no cookies.
func TestNobodyGoesRoundInACircle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ada")
	b := webtest.NewBrowser(t)
	b.Stay()
	for _, path := range []string{"/", "/orders/o-1", "/signed-out", "/callback", "/callback?state=x&code=y"} {
		if page := b.Open(w.portal + path); page.Header.Get("Location") != "" {
			t.Errorf("%s leads to %q", path, page.Header.Get("Location"))
		}
	}
	b.Follow()
	page := b.Open(w.portal + "/signin")
	b.SetCookie(w.portal, "__Host-signin", "") // the browser has kept none
	w.checkRefused(t, b, w.password(b, page, "ada"), http.StatusBadRequest, cannotFinish)
}

func TestConfigIsComplete(t *testing.T) {
	t.Parallel()
	site := &web.Site{Origin: "http://customer.localhost"}
	if err := site.ReadPages(fstest.MapFS{}); err != nil {
		t.Fatal(err)
	}
	for _, row := range configs() {
		if _, err := newHandler(site, row.change); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
	}
}
