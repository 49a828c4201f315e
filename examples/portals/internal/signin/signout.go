package signin

import (
	"net/http"

	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
)

// signOut ends the session, and leads the browser to the identity provider, which ends the
// login and tells the other portals (OpenID Connect RP-Initiated Logout 1.0).
func (h *Handler) signOut(w http.ResponseWriter, r *http.Request, s *Session) {
	s.End(ErrSignedOut)
	setCookie(w, sessionCookie, "", -1)
	at, err := h.provider.find(r.Context())
	if err != nil || at.endSession == nil {
		h.site.ShowProblem(w, r, web.Page{}, problemHereOnly)
		return
	}
	to := *at.endSession
	query := to.Query()
	query.Set("id_token_hint", s.idToken)
	query.Set("client_id", h.config.ClientID)
	query.Set("post_logout_redirect_uri", h.site.Origin+"/signed-out")
	to.RawQuery = query.Encode()
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

// signedOut is where the identity provider leads the browser after it has ended the login.
func (h *Handler) signedOut(w http.ResponseWriter, r *http.Request) {
	if h.Session(r) != nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	h.site.ShowProblem(w, r, web.Page{}, problemSignedOut)
}
