package signin

import "net/http"

// The cookies of a portal. A browser keeps a cookie whose name begins with __Host- only if it
// is Secure, for this host alone and for all of its paths (RFC 6265bis, section 4.1.3.2), so
// that no other host can set it. Chromium and Firefox count *.localhost as secure.
const (
	pendingCookie = "__Host-signin"
	sessionCookie = "__Host-session"
)

// setCookie keeps a value in the browser until the browser ends, or for maxAge seconds; less
// than 0 removes it. Lax lets the cookie come with a click on another site, as when the
// identity provider leads the browser back, and never with another site's form.
func setCookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, MaxAge: maxAge,
		Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// cookie returns the value of a cookie; empty if there is none, or more than one.
func cookie(r *http.Request, name string) string {
	all := r.CookiesNamed(name)
	if len(all) != 1 {
		return ""
	}
	return all[0].Value
}
