package testutil

import (
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// sessionLife is how long a user stays logged in.
const sessionLife = 10 * time.Hour

// sessionCookie is the name of the cookie that holds the key of a session.
const sessionCookie = "issuer_session"

// maxTickets is how many forms of one session can be open.
const maxTickets = 32

// session is one login of a user in one browser. Its key, which the cookie holds, is
// another than its id, which clients read in tokens. The lock of the issuer guards it.
type session struct {
	id      string // the sid of its tokens
	user    string
	began   time.Time
	at      time.Time         // when the user last logged in
	clients map[string]bool   // which have tokens of it
	allowed map[string]bool   // what the user has consented to
	tickets map[string]string // of the forms that were shown: what each is for
}

// sessionOf returns the key and a copy of the session of a browser; an empty key if there
// is none. The copy shares the maps, which only the methods of the issuer read.
func (i *Issuer) sessionOf(r *http.Request) (string, session) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return "", session{}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	s := i.sessions[cookie.Value]
	if s == nil || time.Since(s.began) > sessionLife {
		return "", session{}
	}
	if _, known := i.users[s.user]; !known {
		return "", session{}
	}
	return cookie.Value, *s
}

// logIn makes user the user of the session with an old key, which may be empty, and gives
// it a new key, so that nobody who knew the old one is logged in. If it was the session of
// another user, it is replaced, and logIn returns the id of the one that has to end.
func (i *Issuer) logIn(old, user string) (key string, s session, replaced string) {
	key = rand.Text()
	now := time.Now()
	i.mu.Lock()
	defer i.mu.Unlock()
	current := i.sessions[old]
	if current != nil && current.user != user {
		replaced, current = current.id, nil
	}
	if current == nil {
		current = &session{
			id: rand.Text(), user: user, began: now,
			clients: map[string]bool{}, allowed: map[string]bool{}, tickets: map[string]string{},
		}
	} else {
		delete(i.sessions, old)
	}
	current.at = now
	i.sessions[key] = current
	return key, *current, replaced
}

// join adds a client to those that have tokens of a session; false if it has ended.
func (i *Issuer) join(id, client string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, s := range i.sessions {
		if s.id == id && time.Since(s.began) <= sessionLife {
			s.clients[client] = true
			return true
		}
	}
	return false
}

// end removes a session, and returns it; false if there is none. Its tokens are not active
// any more, and its codes and refresh tokens are not valid: see [Issuer.join].
func (i *Issuer) end(id string) (session, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for key, s := range i.sessions {
		if s.id != id {
			continue
		}
		delete(i.sessions, key)
		i.ended[id] = true
		maps.DeleteFunc(i.renewals, func(_ string, r *renewal) bool { return r.login.session == id })
		return *s, true
	}
	return session{}, false
}

// sessionsOf returns the ids of the sessions of a user, sorted.
func (i *Issuer) sessionsOf(user string) []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var all []string
	for _, s := range i.sessions {
		if s.user == user {
			all = append(all, s.id)
		}
	}
	slices.Sort(all)
	return all
}

// ticket returns a value for a form that the session's user is shown, which proves that
// the browser got the form from here, for this purpose.
func (i *Issuer) ticket(key, purpose string) string {
	ticket := rand.Text()
	i.mu.Lock()
	defer i.mu.Unlock()
	if s := i.sessions[key]; s != nil {
		if len(s.tickets) >= maxTickets {
			clear(s.tickets)
		}
		s.tickets[ticket] = purpose
	}
	return ticket
}

// takeTicket reports whether a form of the session was shown for this purpose. It is
// valid once.
func (i *Issuer) takeTicket(key, ticket, purpose string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := i.sessions[key]
	if s == nil || ticket == "" || s.tickets[ticket] != purpose {
		return false
	}
	delete(s.tickets, ticket)
	return true
}

// consent remembers what the user of a session has consented to.
func (i *Issuer) consent(key, what string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if s := i.sessions[key]; s != nil {
		s.allowed[what] = true
	}
}

// consented reports whether the user of a session has consented to this.
func (i *Issuer) consented(key, what string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := i.sessions[key]
	return s != nil && s.allowed[what]
}

// setCookie gives the browser the key of its session; an empty key removes the cookie.
func (i *Issuer) setCookie(w http.ResponseWriter, key string) {
	c := &http.Cookie{
		Name: sessionCookie, Value: key, Path: i.path + "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(i.origin, "https://"),
	}
	if key == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
