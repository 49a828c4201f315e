package signin

import (
	"net/http"
	"slices"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// begin leads the browser to the identity provider.
func (h *Handler) begin(w http.ResponseWriter, r *http.Request) {
	to, err := returnTo(r.URL.Query()["return_to"])
	if err != nil {
		h.refuse(w, r, problemReturnTo, err)
		return
	}
	at, err := h.provider.find(r.Context())
	if err != nil {
		h.refuse(w, r, findProblem(err, to), err)
		return
	}
	p := newPending(to)
	if err := p.keep(w, h.seal); err != nil {
		h.refuse(w, r, problemSetUp, err)
		return
	}
	parameters := append(slices.Clip(h.config.Parameters), oidc.Nonce(p.Nonce), oauth2.S256ChallengeOption(p.Verifier))
	http.Redirect(w, r, at.oauth.AuthCodeURL(p.State, parameters...), http.StatusSeeOther)
}
