package ui

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// headers are on every answer: the browser loads nothing from elsewhere, runs no script but
// ours, shows the page in no frame, keeps no copy and tells no other site about it.
var headers = map[string]string{
	"Content-Security-Policy":      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "no-referrer",
	"Cache-Control":                "no-store",
}

// protect serves next to requests for our own address, and refuses forms of other sites.
func (s *Server) protect(next http.Handler) http.Handler {
	own := s.listener.Addr().(*net.TCPAddr)
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		message(w, http.StatusForbidden, "This form was sent by another site", "Nothing was judged. Open the page itself, and use its form.")
	}))
	inner := sameOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		if !namesOwn(r.Host, own) {
			// The name of another site may resolve to this address (DNS rebinding).
			http.Error(w, "grpcaud ui answers to a loopback address and its own port only: open the address that it printed", http.StatusMisdirectedRequest)
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// namesOwn reports whether the header Host names the address that we listen on.
func namesOwn(header string, own *net.TCPAddr) bool {
	names := []string{own.String(), net.JoinHostPort("localhost", strconv.Itoa(own.Port))}
	if own.Port == 80 { // which browsers leave out
		names = append(names, strings.TrimSuffix(names[0], ":80"), "localhost")
	}
	return slices.Contains(names, header)
}

// open exchanges the key in an address of the terminal for the cookie.
func (s *Server) open(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || len(query) != 1 || len(query[keyParameter]) != 1 {
		s.refuse(w, r)
		return
	}
	if !s.session.use(query.Get(keyParameter)) {
		message(w, http.StatusForbidden, "This address was used already", "An address of the terminal opens the page once. The terminal shows the next one. If it was not you who used this one, end the command and start it again.")
		return
	}
	http.SetCookie(w, &s.session.cookie)
	http.Redirect(w, r, s.session.folder(), http.StatusSeeOther)
	s.options.Address(s.address())
}

// refuse answers a stranger.
func (s *Server) refuse(w http.ResponseWriter, _ *http.Request) {
	message(w, http.StatusForbidden, "Open the address that the terminal shows", "This page is for the user who started grpcaud ui. Its terminal shows an address that opens it.")
}

// forSession serves next to whoever has the cookie. No page reads anything from an address.
func (s *Server) forSession(next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !s.session.holds(r):
			s.refuse(w, r)
		case r.URL.RawQuery != "" || r.URL.ForceQuery:
			message(w, http.StatusBadRequest, "Nothing is read from an address", "If the part after the question mark is a token, it is now in the history of the browser: revoke it. Paste a token into the form of the page instead.")
		default:
			next.ServeHTTP(w, r)
		}
	}
}
