// Package webtest is a browser for the tests of the portals: it keeps cookies as browsers do
// for the names below localhost, follows redirects, and fills in forms. It runs no script.
package webtest

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// Browser is one browser with its own cookies.
type Browser struct {
	t    testing.TB
	http *http.Client
	jar  *cookiejar.Jar
}

// Page is what a browser shows.
type Page struct {
	Status int
	URL    *url.URL
	Header http.Header
	Text   string // the source of the page
	doc    *html.Node
}

// NewBrowser returns a browser without cookies, which ends with the test.
func NewBrowser(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	wire := Transport()
	t.Cleanup(wire.CloseIdleConnections)
	b := &Browser{t: t, jar: jar}
	b.http = &http.Client{Transport: wire, Jar: secure{jar}, Timeout: 20 * time.Second}
	return b
}

// Transport reaches every name below localhost on this machine, as browsers do.
func Transport() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	}}
}

// secure keeps Secure cookies for http://*.localhost, as Chromium and Firefox do.
type secure struct{ jar *cookiejar.Jar }

func asHTTPS(u *url.URL) *url.URL {
	s := *u
	s.Scheme = "https"
	return &s
}

// SetCookies implements [http.CookieJar].
func (s secure) SetCookies(u *url.URL, cookies []*http.Cookie) { s.jar.SetCookies(asHTTPS(u), cookies) }

// Cookies implements [http.CookieJar].
func (s secure) Cookies(u *url.URL) []*http.Cookie { return s.jar.Cookies(asHTTPS(u)) }

// Cookie returns the value of a cookie at an address; empty if there is none.
func (b *Browser) Cookie(at, name string) string {
	for _, c := range b.jar.Cookies(asHTTPS(b.parse(at))) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// SetCookie plants a cookie.
func (b *Browser) SetCookie(at, name, value string) {
	b.jar.SetCookies(asHTTPS(b.parse(at)), []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

func (b *Browser) parse(address string) *url.URL {
	b.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

// Open follows a link.
func (b *Browser) Open(address string) Page {
	b.t.Helper()
	return b.Do(b.Request(http.MethodGet, address, nil))
}

// Stay makes the browser show redirects from now on instead of following them.
func (b *Browser) Stay() {
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
}

// Follow makes the browser follow redirects again.
func (b *Browser) Follow() { b.http.CheckRedirect = nil }

// Request returns a request of the browser; a form is sent as one.
func (b *Browser) Request(method, address string, form url.Values) *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// Submit sends the form of a page whose action ends with action, with the given fields instead
// of its own.
func (b *Browser) Submit(p Page, action string, fields url.Values) Page {
	b.t.Helper()
	form := p.find(func(n *html.Node) bool { return n.Data == "form" && strings.HasSuffix(attr(n, "action"), action) })
	if form == nil {
		b.t.Fatalf("%s has no form for %q:\n%s", p.URL, action, p.Text)
	}
	all := url.Values{}
	for n := range form.Descendants() {
		if n.Data == "input" && attr(n, "name") != "" {
			all.Set(attr(n, "name"), attr(n, "value"))
		}
	}
	for name, values := range fields {
		all[name] = values
	}
	to, err := p.URL.Parse(attr(form, "action"))
	if err != nil {
		b.t.Fatal(err)
	}
	r := b.Request(http.MethodPost, to.String(), all)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Origin", to.Scheme+"://"+to.Host)
	return b.Do(r)
}

// Do sends a request and returns the page that it leads to.
func (b *Browser) Do(r *http.Request) Page {
	b.t.Helper()
	response, err := b.http.Do(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		b.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	doc, err := html.Parse(strings.NewReader(string(text)))
	if err != nil {
		b.t.Fatal(err)
	}
	return Page{response.StatusCode, response.Request.URL, response.Header, string(text), doc}
}
