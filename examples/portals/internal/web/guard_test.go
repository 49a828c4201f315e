package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
)

func noForms() []string { return nil }

// TestSiteHasOneHost shows that a name that another site has pointed at this machine gets no
// page.
func TestSiteHasOneHost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := s.Guard(page(s), noForms)
	for host, want := range map[string]int{
		"customer.localhost:9201": http.StatusOK,
		"customer.localhost":      http.StatusMisdirectedRequest, "customer.localhost:9202": http.StatusMisdirectedRequest,
		"backoffice.localhost:9201": http.StatusMisdirectedRequest, "127.0.0.1:9201": http.StatusMisdirectedRequest,
		"localhost:9201": http.StatusMisdirectedRequest, "evil.example.com:9201": http.StatusMisdirectedRequest,
		"customer.localhost:9201.evil.example.com": http.StatusMisdirectedRequest, "": http.StatusMisdirectedRequest,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("host %q: got %d, want %d", host, w.Code, want)
		}
		if want != http.StatusOK && !strings.Contains(w.Body.String(), `href="`+origin+`"`) {
			t.Errorf("host %q: no link to %s in: %s", host, origin, w.Body)
		}
	}
}

// TestPageOfAnotherHostHasItsStylesheet shows that the page which leads to the right host is
// drawn like the others: the files that everybody gets have no host, and nothing else has none.
func TestPageOfAnotherHostHasItsStylesheet(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := s.Guard(web.Assets(), noForms)
	for path, want := range map[string]int{
		"/assets/style.css": http.StatusOK, "/assets/icon.svg": http.StatusOK,
		"/assets/": http.StatusMisdirectedRequest, "/assets/style.css/": http.StatusMisdirectedRequest, "/style.css": http.StatusMisdirectedRequest,
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "127.0.0.1:9201"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: got %d, want %d", path, w.Code, want)
		}
	}
}

func TestHeadersOfEveryPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := s.Guard(page(s), func() []string { return []string{"http://login.localhost:9203"} })
	for _, host := range []string{"customer.localhost:9201", "evil.example.com"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self' http://login.localhost:9203; frame-ancestors 'none'; base-uri 'none'",
			"Content-Type":            "text/html; charset=utf-8",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s at %s: got %q, want %q", name, host, got, want)
			}
		}
		for _, forbidden := range []string{"<style", " style=", " onclick", "javascript:"} {
			if strings.Contains(w.Body.String(), forbidden) {
				t.Errorf("the policy forbids %q in: %s", forbidden, w.Body)
			}
		}
	}
}

func TestBodyIsBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := s.Guard(page(s), noForms)
	for _, row := range []struct {
		size int
		want bool // the text arrives
	}{{1000, true}, {1 << 20, false}} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(url.Values{"text": {strings.Repeat("x", row.size)}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Host = "customer.localhost:9201"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := strings.Contains(w.Body.String(), "xxx"); got != row.want {
			t.Errorf("a form of %d bytes: arrived = %t, want %t", row.size, got, row.want)
		}
	}
}
