package signin

import (
	"fmt"
	"net/http"
	"time"

	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
)

// Handler signs the users of one portal in and out. Make it with [New]. It is safe for
// concurrent use.
type Handler struct {
	config   Config
	site     *web.Site
	seal     seal
	provider *provider
	sessions *sessions
}

// New returns the sign-in of a site. It asks the identity provider nothing yet.
func New(site *web.Site, c Config) (*Handler, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	s, err := newSeal()
	if err != nil {
		return nil, fmt.Errorf("signin: %w", err)
	}
	return &Handler{config: c, site: site, seal: s, provider: newProvider(c, site.Origin), sessions: newSessions()}, nil
}

// Register adds the pages of the sign-in.
func (h *Handler) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /signin", h.begin)
	mux.HandleFunc("GET /callback", h.finish)
	mux.Handle("POST /signout", h.Need(h.signOut))
	mux.HandleFunc("GET /signed-out", h.signedOut)
	mux.HandleFunc("GET /session", func(w http.ResponseWriter, r *http.Request) { h.Follow(w, r, nil) })
}

// Forms returns the origins that an answer to a form may lead to.
func (h *Handler) Forms() []string { return h.provider.origins() }

// EndLogin ends the sessions of a login (sid), which has ended at the identity provider.
func (h *Handler) EndLogin(login string) {
	h.sessions.endMatching(func(s *Session) bool { return login != "" && s.login == login }, ErrElsewhere)
}

// EndUser ends the sessions of a user that began at or before a time, in whole seconds: the
// identity provider has ended all logins of the user.
func (h *Handler) EndUser(subject string, until time.Time) {
	h.sessions.endMatching(func(s *Session) bool { return s.User.Subject == subject && s.began.Unix() <= until.Unix() }, ErrElsewhere)
}

// Close ends all sessions.
func (h *Handler) Close() {
	h.sessions.endMatching(func(*Session) bool { return true }, ErrStopped)
}

// Session returns the session of a request, if there is one, without prolonging it.
func (h *Handler) Session(r *http.Request) *Session {
	return h.sessions.find(cookie(r, sessionCookie))
}

// Need serves pages for users who are signed in, and a page that offers the sign-in to
// everybody else. A form must be one of the session.
func (h *Handler) Need(page func(http.ResponseWriter, *http.Request, *Session)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := h.Session(r)
		switch {
		case s == nil, !s.touch():
			h.offer(w, r)
		case r.Method == http.MethodPost && !s.Owns(r.PostFormValue("form")):
			h.site.ShowProblem(w, r, s.Page(), problemForm)
		default:
			page(w, r, s)
		}
	})
}

// Start serves the first page of the portal: a welcome for everybody, or page for users who
// are signed in.
func (h *Handler) Start(page func(http.ResponseWriter, *http.Request, *Session)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.Session(r) == nil {
			h.site.Show(w, r, http.StatusOK, "welcome.html", web.Page{Title: "Welcome"})
			return
		}
		h.Need(page).ServeHTTP(w, r)
	})
}

// Show writes a page of a session, with its own title and content, and without events of its
// own.
func (h *Handler) Show(w http.ResponseWriter, r *http.Request, s *Session, name, title string, content any) {
	page := s.Page()
	page.Title, page.Content = title, content
	h.site.Show(w, r, http.StatusOK, name, page)
}

// offer shows that this page needs a sign-in.
func (h *Handler) offer(w http.ResponseWriter, r *http.Request) {
	p, to := problemSignIn, "/"
	if cookie(r, sessionCookie) != "" {
		p = problemEnded
		setCookie(w, sessionCookie, "", -1)
	}
	if r.Method == http.MethodGet {
		to = r.URL.RequestURI()
	}
	p.Next.To = Link(to)
	h.site.ShowProblem(w, r, web.Page{}, p)
}

// Page is the frame of a page of this session.
func (s *Session) Page() web.Page {
	return web.Page{User: s.User.Name, Form: s.Form, Follow: "/session"}
}
