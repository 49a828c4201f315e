package testutil

import (
	"crypto/rand"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// login is a valid request for a user's login (RFC 6749, section 4.1.1).
type login struct {
	client    Client
	redirect  string // where the browser goes, as the client wrote it
	challenge string // of PKCE
	audiences []string
	scope     string // without the scopes of OpenID Connect
	openID    bool   // an ID token is requested too
	nonce     string
	user      string    // who logged in
	at        time.Time // when
}

// openIDScopes are scopes that request no rights at an API (OpenID Connect Core, section
// 5.4, and section 11).
var openIDScopes = []string{"openid", "profile", "email", "address", "phone", "offline_access"}

var loginPage = template.Must(template.New("login").Parse(`<!DOCTYPE html>
<meta charset="utf-8">
<title>Log in</title>
<style>body{font:1.1em sans-serif;margin:3em auto;max-width:30em}button{font:inherit;display:block;margin:.5em 0;padding:.4em 1em}</style>
<h1>Log in</h1>
<p>{{.Client}} asks for {{.What}}. Who are you?</p>
<form method="post">
{{range .Users}}<button name="user" value="{{.}}">{{.}}</button>
{{end}}</form>
`))

// serveAuthorization shows the page on which a user logs in, and sends the browser back
// to the client. It reports a mistake in the request to the client (RFC 6749, section
// 4.1.2.1), unless the mistake is the client itself or its address: then the page shows it.
func (i *Issuer) serveAuthorization(w http.ResponseWriter, r *http.Request) {
	if len(i.userNames()) == 0 {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'")
	w.Header().Set("Referrer-Policy", "no-referrer")
	query := r.URL.Query()
	c, err := i.knownAddress(query)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	l, refused := i.readLogin(c, query)
	if refused != nil {
		i.leadBack(w, r, query, url.Values{"error": {refused.Code}, "error_description": {refused.Description}})
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		what := strings.TrimSpace(strings.Join(l.audiences, ", ") + " " + l.scope)
		if err := loginPage.Execute(w, map[string]any{"Client": c.ID, "What": what, "Users": i.userNames()}); err != nil {
			return // the browser has gone
		}
		return
	}
	u, ok := i.user(r.PostFormValue("user"))
	if !ok {
		http.Error(w, "choose one of the users", http.StatusBadRequest)
		return
	}
	l.user, l.at = u.Name, time.Now()
	i.leadBack(w, r, query, url.Values{"code": {i.keepLogin(l)}})
}

// knownAddress returns the client of a login. Its address must be on this machine, since
// every address is accepted.
func (i *Issuer) knownAddress(query url.Values) (Client, error) {
	c, ok := i.client(query.Get("client_id"))
	if !ok {
		return c, fmt.Errorf("client_id: no client %q here", query.Get("client_id"))
	}
	u, err := url.Parse(query.Get("redirect_uri"))
	if err != nil || u.Fragment != "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") ||
		!slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname()) {
		return c, fmt.Errorf("redirect_uri: got %q, want an address on localhost, 127.0.0.1 or [::1], such as http://localhost:3000/callback", query.Get("redirect_uri"))
	}
	return c, nil
}

// readLogin reads the request of a client for a login. PKCE is required (RFC 7636).
func (i *Issuer) readLogin(c Client, query url.Values) (login, *refusal) {
	l := login{client: c, redirect: query.Get("redirect_uri"), challenge: query.Get("code_challenge"), nonce: query.Get("nonce")}
	switch {
	case query.Get("response_type") != "code":
		return l, refuse("unsupported_response_type", "want response_type=code")
	case query.Get("code_challenge_method") != "S256" || len(l.challenge) != 43:
		return l, refuse("invalid_request", "want a code_challenge with code_challenge_method=S256 (RFC 7636)")
	}
	scopes := strings.Fields(query.Get("scope"))
	l.openID = slices.Contains(scopes, "openid")
	scopes = slices.DeleteFunc(scopes, func(s string) bool { return slices.Contains(openIDScopes, s) })
	form := url.Values{"audience": query["audience"], "resource": query["resource"], "scope": {strings.Join(scopes, " ")}}
	var err *refusal
	l.audiences, l.scope, err = i.target(c, form)
	return l, err
}

// leadBack sends the browser to the client with these parameters, and with iss (RFC 9207).
func (i *Issuer) leadBack(w http.ResponseWriter, r *http.Request, query, parameters url.Values) {
	to, _ := url.Parse(query.Get("redirect_uri")) // knownAddress has read it
	all := to.Query()
	for name, values := range parameters {
		all[name] = values
	}
	all.Set("iss", i.url)
	if state := query.Get("state"); state != "" {
		all.Set("state", state)
	}
	to.RawQuery = all.Encode()
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

// keepLogin returns a new code for a login.
func (i *Issuer) keepLogin(l login) string {
	code := rand.Text()
	i.mu.Lock()
	defer i.mu.Unlock()
	for old, other := range i.logins {
		if time.Since(other.at) > codeLife {
			delete(i.logins, old)
		}
	}
	i.logins[code] = l
	return code
}
