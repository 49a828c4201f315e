package signin

import (
	"net/http"
	"net/url"

	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
)

// signOut ends the session, and leads the browser to the identity provider, which ends the
// login and tells the other portals (OpenID Connect RP-Initiated Logout 1.0).
func (h *Handler) signOut(w http.ResponseWriter, r *http.Request, s *Session) {
	s.End(ErrSignedOut)
	setCookie(w, sessionCookie, "", -1)
	to := "/signed-out"
	if at, err := h.provider.find(r.Context()); err == nil && at.endSession != "" {
		if u, err := url.Parse(at.endSession); err == nil {
			query := u.Query()
			query.Set("id_token_hint", s.idToken)
			query.Set("client_id", h.config.ClientID)
			query.Set("post_logout_redirect_uri", h.site.Origin+to)
			u.RawQuery = query.Encode()
			to = u.String()
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (h *Handler) signedOut(w http.ResponseWriter, r *http.Request) {
	if h.Session(r) != nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	h.site.ShowProblem(w, r, web.Page{}, problemSignedOut)
}
