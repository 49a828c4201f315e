package testutil

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
)

// logout is a valid request for the end of a session (OpenID Connect RP-Initiated Logout
// 1.0, section 2).
type logout struct {
	session  string // of the ID token; empty for none
	redirect string // where the browser goes then; empty for a page of the issuer
	state    string
}

// serveEndSession ends the session of a browser. It asks the user first, unless the client
// has shown an ID token of this session.
func (i *Issuer) serveEndSession(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		showMessage(w, http.StatusBadRequest, "This logout cannot begin", "The form is malformed.")
		return
	}
	ticket := r.PostFormValue("ticket")
	r.Form.Del("ticket")
	out, err := i.readLogout(r.Form)
	if err != nil {
		showMessage(w, http.StatusBadRequest, "This logout cannot begin", err.Error())
		return
	}
	key, s := i.sessionOf(r)
	request := "?" + r.Form.Encode()
	switch {
	case key == "": // nothing of a browser whose cookie did not come along, with a form of another site
		i.logOut(w, r, out.session, out)
	case s.id == out.session, r.Method == http.MethodPost && i.takeTicket(key, ticket, request):
		i.setCookie(w, "")
		i.logOut(w, r, s.id, out)
	default:
		writePage(w, http.StatusOK, logoutPage, page{Title: "Sign out?", User: s.user, Ticket: i.ticket(key, request), Action: template.URL(request)})
	}
}

// logOut ends a session, which may be none, and sends the browser on.
func (i *Issuer) logOut(w http.ResponseWriter, r *http.Request, id string, out logout) {
	failed := i.endSession(r.Context(), id)
	if out.redirect != "" {
		parameters := url.Values{}
		if out.state != "" {
			parameters.Set("state", out.state)
		}
		redirect(w, r, out.redirect, parameters)
		return
	}
	message := "You can close this page."
	if failed != nil {
		message = "Sign out of these applications too, which could not be told: " + failed.Error()
	}
	showMessage(w, http.StatusOK, "You are signed out", message)
}

// readLogout reads a request for the end of a session.
func (i *Issuer) readLogout(form url.Values) (logout, error) {
	out := logout{redirect: form.Get("post_logout_redirect_uri"), state: form.Get("state")}
	if name := repeated(form); name != "" {
		return out, fmt.Errorf("%s is repeated", name)
	}
	id := form.Get("client_id")
	if hint := form.Get("id_token_hint"); hint != "" {
		claims, ok := i.readHint(hint)
		if !ok {
			return out, errors.New("id_token_hint is no ID token of this issuer")
		}
		holder := audiences(claims)[0]
		if id != "" && id != holder {
			return out, errors.New("client_id is not the client of id_token_hint")
		}
		id = holder
		out.session, _ = claims["sid"].(string)
	}
	c, known := i.client(id)
	switch {
	case id != "" && !known:
		return out, fmt.Errorf("client_id: no client %q here", id)
	case out.redirect == "":
		return out, nil
	case id == "":
		return out, errors.New("post_logout_redirect_uri needs id_token_hint or client_id")
	}
	if err := mayReturn(out.redirect, c.PostLogoutRedirectURIs); err != nil {
		return out, fmt.Errorf("post_logout_redirect_uri: %w", err)
	}
	return out, nil
}

// readHint reads an ID token of this issuer, which may have expired. Only ID tokens have
// at_hash.
func (i *Issuer) readHint(token string) (Claims, bool) {
	for _, k := range i.published() {
		if !k.signed(token) {
			continue
		}
		claims, ok := decode(token)
		_, isIDToken := claims["at_hash"]
		return claims, ok && isIDToken && claims["iss"] == i.url && len(audiences(claims)) == 1
	}
	return nil, false
}
