package ui

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"sync"
)

// keyParameter is the name of the key in an address that opens the page.
const keyParameter = "key"

// session tells the browser of the user from what other users of the machine run: it
// opened an address of the terminal, whose key works once, and got a cookie for it. The
// key is worth nothing in a history or in a list of processes after that.
type session struct {
	cookie http.Cookie

	mu  sync.Mutex // guards key
	key string     // empty if it was used
}

// newSession returns a session. Browsers send a cookie to every port of a host, and so to
// the servers of other users of this machine, but only to its path. So the pages are in a
// folder whose name nobody can guess.
func newSession() *session {
	return &session{cookie: http.Cookie{
		Name: "grpcaud-ui", Value: rand.Text(), Path: "/" + rand.Text() + "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}}
}

// folder returns the path of the pages, which ends with a slash.
func (s *session) folder() string { return s.cookie.Path }

// newKey returns another key, in the place of the last one.
func (s *session) newKey() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = rand.Text()
	return s.key
}

// use reports whether a key is the last one, and was not used yet.
func (s *session) use(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.key == "" || !equal(key, s.key) {
		return false
	}
	s.key = ""
	return true
}

// holds reports whether a request has the cookie. Two cookies of the name are none.
func (s *session) holds(r *http.Request) bool {
	cookies := r.CookiesNamed(s.cookie.Name)
	return len(cookies) == 1 && equal(cookies[0].Value, s.cookie.Value)
}

// equal compares two secrets in a time that does not depend on them.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
