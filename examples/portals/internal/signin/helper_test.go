package signin_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/examples/portals/internal/signin"
	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
	"github.com/grpcaud/grpcaud/examples/portals/internal/webtest"
	"github.com/grpcaud/grpcaud/internal/lockedbuffer"
	"github.com/grpcaud/grpcaud/testutil"
)

// world is a portal with one page, and its identity provider, each on a socket of its own.
type world struct {
	issuer *testutil.Issuer
	signin *signin.Handler
	portal string // its origin
	log    *lockedbuffer.Buffer
}

// newWorld starts a portal at which these users can sign in, with a password that is the name.
func newWorld(t *testing.T, users ...string) *world {
	t.Helper()
	w := &world{log: &lockedbuffer.Buffer{}}
	login, at := listen(t, "login.localhost")
	w.issuer = testutil.NewIssuer(at + "/realms/corp")
	w.issuer.Register(testutil.Client{ID: "portal", Secret: "secret of the portal", Audiences: []string{"order-status"}})
	var all []testutil.User
	for _, name := range users {
		all = append(all, testutil.User{Name: name, Password: name})
	}
	w.issuer.SetUsers(all...)
	serve(t, login, w.issuer)

	l, origin := listen(t, "customer.localhost")
	w.portal = origin
	site := &web.Site{Name: "Test portal", Origin: origin}
	if err := site.ReadPages(fstest.MapFS{"templates/home.html": {Data: []byte(`{{define "content"}}<h1>Home</h1>{{end}}`)}}); err != nil {
		t.Fatal(err)
	}
	w.signin = w.newSignin(t, site, "secret of the portal")
	mux := http.NewServeMux()
	w.signin.Register(mux)
	page := w.signin.Need(func(rw http.ResponseWriter, r *http.Request, s *signin.Session) {
		p := s.Page()
		p.Title = "Home"
		site.Show(rw, r, http.StatusOK, "home.html", p)
	})
	mux.Handle("GET /{$}", page)
	mux.Handle("GET /orders/", page)
	serve(t, l, site.Guard(mux, w.signin.Forms))
	t.Cleanup(w.signin.Close) // first, so that open pages end
	return w
}

func (w *world) newSignin(t *testing.T, site *web.Site, secret string) *signin.Handler {
	t.Helper()
	network := webtest.Transport()
	t.Cleanup(network.CloseIdleConnections)
	h, err := signin.New(site, signin.Config{
		Issuer: w.issuer.URL(), ClientID: "portal", Secret: secret, Network: network,
		Parameters: []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("audience", "order-status")},
		Calls:      func(ctx context.Context, _ oauth2.TokenSource) (context.Context, error) { return ctx, nil },
		Log:        slog.New(slog.NewTextHandler(w.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// enter signs a user in, from the start page.
func (w *world) enter(b *webtest.Browser, user string) webtest.Page {
	p := b.Open(w.portal + "/signin")
	return w.password(b, p, user)
}

// password sends the form of the provider's page.
func (w *world) password(b *webtest.Browser, p webtest.Page, user string) webtest.Page {
	return b.Submit(p, "", url.Values{"user": {user}, "password": {user}})
}

// answer returns the address to which the provider leads the browser after a user has signed
// in: it is not opened.
func (w *world) answer(t *testing.T, b *webtest.Browser, user string) *url.URL {
	t.Helper()
	p := b.Open(w.portal + "/signin")
	b.Stay()
	defer b.Follow()
	p = w.password(b, p, user)
	to, err := url.Parse(p.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(to.String(), w.portal+"/callback?") {
		t.Fatalf("the provider led to %q, want the portal; page:\n%s", p.Header.Get("Location"), p.Text)
	}
	return to
}

// with returns u with a parameter replaced; an empty value removes it.
func with(u *url.URL, name, value string) string {
	changed, query := *u, u.Query()
	query.Set(name, value)
	if value == "" {
		query.Del(name)
	}
	changed.RawQuery = query.Encode()
	return changed.String()
}

// checkRefused checks a page that refuses: its status, its heading, that it says what to do, and
// that nobody is signed in.
func (w *world) checkRefused(t *testing.T, b *webtest.Browser, p webtest.Page, status int, heading string) {
	t.Helper()
	if p.Status != status || p.Heading() != heading {
		t.Errorf("%s: got %d %q, want %d %q", p.URL, p.Status, p.Heading(), status, heading)
	}
	if p.URL.Host != strings.TrimPrefix(w.portal, "http://") {
		t.Errorf("got the page of %s, want one of the portal", p.URL.Host)
	}
	if home := b.Open(w.portal + "/"); home.Status != http.StatusUnauthorized {
		t.Errorf("start page after the refusal: got %d %q, want nobody signed in", home.Status, home.Heading())
	}
}

// checkIn checks that a user is signed in.
func (w *world) checkIn(t *testing.T, b *webtest.Browser, user string) {
	t.Helper()
	if p := b.Open(w.portal + "/"); p.Status != http.StatusOK || !strings.Contains(p.Shown(), "Signed in as "+user) {
		t.Errorf("start page: got %d %q, want %q signed in", p.Status, p.Shown(), user)
	}
}

func listen(t *testing.T, host string) (net.Listener, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return l, "http://" + net.JoinHostPort(host, port)
}

func serve(t *testing.T, l net.Listener, h http.Handler) {
	t.Helper()
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}}
	s.Start()
	t.Cleanup(s.Close)
}
