package web

import (
	"net/http"
	"strings"
)

// maxBody is how many bytes the body of a request may have.
const maxBody = 64 << 10

// Guard protects the pages of a site: it answers on the site's own host only, refuses forms
// of other sites, bounds what a request may send, and sets the headers that tell a browser
// what a page may do. Under another host there is one page, which says so, with its
// stylesheet. Forms lists the further origins that an answer to a form may lead to, such as
// the identity provider's when a user signs out.
func (s *Site) Guard(pages http.Handler, forms func() []string) http.Handler {
	crossSite := http.NewCrossOriginProtection()
	crossSite.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ShowProblem(w, r, Page{}, Problem{
			Status: http.StatusForbidden, Title: "This form was sent by another site",
			Text: "Nothing was changed. Open the page in this portal, and send the form from there.",
			Next: Link{"To the start", "/"},
		})
	}))
	protected := crossSite.Handler(pages)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header(), forms())
		if "http://"+r.Host != s.Origin && !isAsset(r) {
			s.ShowProblem(w, r, Page{}, Problem{
				Status: http.StatusMisdirectedRequest, Title: "This portal has another address",
				Text: "The portal answers under its own name only, so that no other site can borrow its address.",
				Next: Link{"Open " + s.Origin, s.Origin},
			})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		protected.ServeHTTP(w, r)
	})
}

// setHeaders tells the browser: run and load what this site serves and nothing else, never
// inside a frame, keep no copy, and tell other sites nothing about the address.
func setHeaders(h http.Header, forms []string) {
	h.Set("Content-Security-Policy", strings.Join([]string{
		"default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'", "connect-src 'self'",
		"form-action " + strings.Join(append([]string{"'self'"}, forms...), " "),
		"frame-ancestors 'none'", "base-uri 'none'",
	}, "; "))
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}
