package web_test

import (
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
)

const origin = "http://customer.localhost:9201"

// newSite returns a site with one page.
func newSite(t *testing.T) *web.Site {
	t.Helper()
	s := &web.Site{Name: "Test portal", Theme: "customer", Origin: origin, Links: []web.Link{{Text: "Start", To: "/"}, {Text: "Other", To: "/other"}}}
	if err := s.ReadPages(fstest.MapFS{"templates/home.html": {Data: []byte(`{{define "content"}}<h1>Home</h1>{{plain .Content}}{{end}}`)}}); err != nil {
		t.Fatal(err)
	}
	return s
}

// page shows the page for a signed-in user.
func page(s *web.Site) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Show(w, r, http.StatusOK, "home.html", web.Page{Title: "Home", User: "ada", Form: "token", Content: r.PostFormValue("text")})
	})
}
