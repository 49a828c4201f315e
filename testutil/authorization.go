package testutil

import (
	"crypto/subtle"
	"net/http"
	"net/url"
)

// visit is one request of a browser for a login, with its session.
type visit struct {
	issuer  *Issuer
	w       http.ResponseWriter
	r       *http.Request
	query   url.Values
	login   login
	key     string // of the session; empty for none
	session session
}

// serveAuthorization logs a user in, with a page or by the session that there is, and
// sends the browser back to the client. It reports a mistake in the request to the client
// (RFC 6749, section 4.1.2.1), unless the mistake is the client itself or its address: then
// the page shows it.
func (i *Issuer) serveAuthorization(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	c, err := i.knownAddress(query)
	if err != nil {
		showMessage(w, http.StatusBadRequest, "This login cannot begin", err.Error())
		return
	}
	v := &visit{issuer: i, w: w, r: r, query: query}
	var refused *refusal
	v.login, refused = i.readLogin(c, query)
	if refused != nil {
		v.refuse(refused.Code, refused.Description)
		return
	}
	v.key, v.session = i.sessionOf(r)
	switch {
	case r.Method == http.MethodPost && r.PostFormValue("ticket") != "":
		v.consent()
	case r.Method == http.MethodPost:
		v.logIn()
	case !v.login.needsLogin(v.session):
		v.loggedIn()
	case v.login.asks("none"):
		v.refuse("login_required", "the user has to log in")
	default:
		v.showLogin(http.StatusOK, "")
	}
}

// logIn reads the form of the login page.
func (v *visit) logIn() {
	u, ok := v.issuer.user(v.r.PostFormValue("user"))
	if same := subtle.ConstantTimeCompare([]byte(u.Password), []byte(v.r.PostFormValue("password"))); !ok || same != 1 {
		v.showLogin(http.StatusBadRequest, "No user has this name and this password.")
		return
	}
	if subject := v.login.subject; subject != "" && subject != u.Name {
		v.showLogin(http.StatusBadRequest, "The application asks for a login of "+subject+".")
		return
	}
	var replaced string
	v.key, v.session, replaced = v.issuer.logIn(v.key, u.Name)
	v.issuer.setCookie(v.w, v.key)
	if replaced != "" {
		v.issuer.endSession(v.r.Context(), replaced)
	}
	v.loggedIn()
}

// loggedIn asks the user of the session for consent if need be, or sends the browser back
// with a code.
func (v *visit) loggedIn() {
	switch {
	case !v.login.asks("consent") && (!v.login.client.Consent || v.issuer.consented(v.key, v.login.rights())):
		v.code()
	case v.login.asks("none"):
		v.refuse("consent_required", "the user has to consent")
	default:
		v.show(http.StatusOK, consentPage, page{Title: "Allow access", User: v.session.user, Ticket: v.issuer.ticket(v.key, v.r.URL.RawQuery)})
	}
}

// consent reads the form of the consent page, which this session was shown for this
// request.
func (v *visit) consent() {
	switch allowed := v.r.PostFormValue("consent"); {
	case !v.issuer.takeTicket(v.key, v.r.PostFormValue("ticket"), v.r.URL.RawQuery):
		showMessage(v.w, http.StatusBadRequest, "This form is not valid any more", "The form was sent before, or the session has ended. Go back to the application and log in again.")
	case allowed == "allow":
		v.issuer.consent(v.key, v.login.rights())
		v.code()
	default:
		v.refuse("access_denied", "the user does not allow it")
	}
}

// code sends the browser back to the client with a code.
func (v *visit) code() {
	v.login.user, v.login.at, v.login.session = v.session.user, v.session.at, v.session.id
	v.leadBack(url.Values{"code": {v.issuer.keepLogin(v.login)}})
}

// refuse sends the browser back to the client with an error.
func (v *visit) refuse(code, description string) {
	v.leadBack(url.Values{"error": {code}, "error_description": {description}})
}

// leadBack sends the browser to the client with these parameters, and with iss (RFC 9207).
func (v *visit) leadBack(parameters url.Values) {
	parameters.Set("iss", v.issuer.url)
	if state := v.query.Get("state"); state != "" {
		parameters.Set("state", state)
	}
	redirect(v.w, v.r, v.query.Get("redirect_uri"), parameters)
}

// redirect sends a browser to an address that was checked, with further parameters.
func redirect(w http.ResponseWriter, r *http.Request, address string, parameters url.Values) {
	to, _ := url.Parse(address) // the check has read it
	all := to.Query()
	for name, values := range parameters {
		all[name] = values
	}
	to.RawQuery = all.Encode()
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}
