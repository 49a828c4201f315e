package testutil

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
)

// page is what the pages of an issuer show.
type page struct {
	Title, Client, What, User, Message, Ticket string
	Name                                       string   // in the form of the login
	Buttons                                    []string // users without a password
	Passwords                                  bool     // a user has a password
	Action                                     template.URL
}

const pageStyle = `:root{color-scheme:light dark;--page:#eef1f6;--card:#fff;--text:#1b2330;--soft:#46505f;--line:#d5dbe5;--edge:#6b7686;--main:#1f4fa8;--over:#173d84;--on:#fff;--bad:#8c1515;--tint:#fdecec}` +
	`@media(prefers-color-scheme:dark){:root{--page:#0f1218;--card:#181c25;--text:#eceff5;--soft:#a6aebd;--line:#2e3542;--edge:#8a94a6;--main:#8cabff;--over:#b3c7ff;--on:#0e1426;--bad:#ff9d94;--tint:#3a1d1d}}` +
	`*{box-sizing:border-box}` +
	`body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--page);color:var(--text);font:1rem/1.5 system-ui,sans-serif}` +
	`main{width:100%;max-width:25rem;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem;overflow-wrap:anywhere}` +
	`h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.2}p{margin:0 0 1.25rem;color:var(--soft)}` +
	`label{display:block;margin-bottom:1rem;font-weight:600}` +
	`input,button{width:100%;min-height:2.75rem;margin-top:.25rem;padding:.5rem .75rem;font:inherit;border-radius:.5rem}` +
	`input{color:inherit;background:var(--card);border:1px solid var(--edge)}` +
	`button{margin-top:.75rem;color:var(--on);background:var(--main);border:1px solid var(--main);font-weight:600;cursor:pointer}` +
	`button.other{color:var(--main);background:var(--card)}button:hover{background:var(--over);color:var(--on)}` +
	`:focus-visible{outline:3px solid #e08a00;outline-offset:2px}[role=alert]{padding:.5rem .75rem;color:var(--bad);background:var(--tint);border-radius:.5rem}`

// pagePolicy is the Content-Security-Policy of the pages. It does not limit where forms
// lead, since they lead to the clients.
var pagePolicy = func() string {
	digest := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; img-src data:; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'"
}()

var (
	loginPage = newPage(`<p>Who are you? {{.Client}} asks for {{.What}}.</p>
{{with .Message}}<p role="alert">{{.}}</p>
{{end}}{{if .Passwords}}<form method="post">
<label>Name<input name="user" value="{{.Name}}" autocomplete="username" autocapitalize="none" spellcheck="false" required></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button>
</form>
{{end}}{{if .Buttons}}<form method="post">
{{range .Buttons}}<button class="other" name="user" value="{{.}}">{{.}}</button>
{{end}}</form>
{{end}}`)
	consentPage = newPage(`<p>{{.Client}} asks for {{.What}}, in the name of {{.User}}.</p>
<form method="post">
<input type="hidden" name="ticket" value="{{.Ticket}}">
<button name="consent" value="allow">Allow</button>
<button class="other" name="consent" value="refuse">Refuse</button>
</form>
`)
	logoutPage = newPage(`<p>You are signed in as {{.User}}. This signs you out of every application of this session.</p>
<form method="post" action="{{.Action}}">
<input type="hidden" name="ticket" value="{{.Ticket}}">
<button>Sign out</button>
</form>
`)
	messagePage = newPage("<p>{{.Message}}</p>\n")
)

func newPage(body string) *template.Template {
	return template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{{.Title}}</title>
<style>` + pageStyle + `</style>
<main>
<h1>{{.Title}}</h1>
` + body + `</main>
</html>
`))
}

// page returns a handler of a page for users; there are none if there are no users.
func (i *Issuer) page(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if len(i.userNames()) == 0 {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Security-Policy", pagePolicy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "same-origin") // without a referrer, browsers send no Origin with a form
		if r.Method != http.MethodGet && r.Method != http.MethodPost {
			w.Header().Set("Allow", "GET, POST")
			showMessage(w, http.StatusMethodNotAllowed, "This page cannot be shown", "The page is for GET and POST.")
			return
		}
		serve(w, r)
	}
}

// showLogin shows the login page, with the reason if a login was refused.
func (v *visit) showLogin(status int, message string) {
	name := v.r.PostFormValue("user")
	if name == "" {
		name = v.query.Get("login_hint")
	}
	v.show(status, loginPage, page{Title: "Sign in", Message: message, Name: name, Buttons: v.issuer.buttons(), Passwords: v.issuer.withPassword()})
}

// show writes a page about the login.
func (v *visit) show(status int, t *template.Template, p page) {
	p.Client, p.What = v.login.client.ID, v.login.what()
	writePage(v.w, status, t, p)
}

// showMessage writes a page that says one thing.
func showMessage(w http.ResponseWriter, status int, title, message string) {
	writePage(w, status, messagePage, page{Title: title, Message: message})
}

func writePage(w http.ResponseWriter, status int, t *template.Template, p page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	t.Execute(w, p) // it fails only if the browser has gone
}
