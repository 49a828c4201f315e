package idp_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/idp"
)

func TestLogin(t *testing.T) {
	for _, row := range []struct {
		name  string
		doors doors
		login idp.Login
		want  string // of the error; empty for a token
	}{
		{name: "as it should be"},
		{name: "another issuer", doors: doors{issuer: "https://idp.example.com"}, want: `is "https://idp.example.com"`},
		{name: "another state", doors: doors{state: "other"}, want: `got state "other"`},
		{name: "denied", login: idp.Login{Params: url.Values{"scope": {"human-resource"}}}, want: "invalid_scope: no such scope"},
		{name: "wrong password", login: idp.Login{Password: "guess"}, want: "the password is not accepted"},
		{name: "no form", doors: doors{page: "<p>closed for today</p>"}, want: "closed for today"},
		{name: "no code", doors: doors{code: "spent"}, want: "400 Bad Request"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := row.login
			l.Client, l.User = "portal", "alice"
			grant, err := idp.At(row.doors.open(t)).Login(t.Context(), l)
			switch {
			case row.want == "" && (err != nil || grant != idp.Grant{AccessToken: "a", IDToken: "i", RefreshToken: "r", Scope: "openid"}):
				t.Errorf("got %v, %v", grant, err)
			case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

// doors is a provider with one form; fields that are not empty replace its right
// responses.
type doors struct {
	issuer, page, state, code, end string

	url   string
	asked url.Values // of the authorization request
}

const form = `<html><body><p><form action="/enter?for=portal&amp;x=1" method="post">
	<input type="hidden" name="ticket" value="t&amp;1"><input name="username"><input type="password" name="password"><input type="submit">
</form></body></html>`

// open serves d and returns its URL.
func (d *doors) open(t *testing.T) string {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", d.discovery)
	mux.HandleFunc("GET /auth", d.auth)
	mux.HandleFunc("GET /page", d.show)
	mux.HandleFunc("POST /enter", d.enter)
	mux.HandleFunc("POST /token", d.token)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	d.url = server.URL
	return server.URL
}

func (d *doors) discovery(w http.ResponseWriter, _ *http.Request) {
	json.NewEncoder(w).Encode(map[string]string{
		"issuer": cmp.Or(d.issuer, d.url), "authorization_endpoint": d.url + "/auth", "token_endpoint": d.url + "/token", "end_session_endpoint": d.end,
	})
}

func (d *doors) auth(w http.ResponseWriter, r *http.Request) {
	d.asked = r.URL.Query()
	if d.asked.Get("scope") != "openid" {
		d.back(w, r, url.Values{"error": {"invalid_scope"}, "error_description": {"no such scope"}})
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Secure: true})
	http.Redirect(w, r, "/page", http.StatusFound)
}

func (d *doors) show(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, cmp.Or(d.page, form)) }

func (d *doors) enter(w http.ResponseWriter, r *http.Request) {
	_, err := r.Cookie("session")
	r.ParseForm()
	want := url.Values{"for": {"portal"}, "x": {"1"}, "ticket": {"t&1"}, "username": {"alice"}, "password": {"alice-password"}}
	if err != nil || r.Form.Encode() != want.Encode() {
		d.show(w, r)
		return
	}
	d.back(w, r, url.Values{"code": {cmp.Or(d.code, "c")}})
}

// back sends the browser back to the client.
func (d *doors) back(w http.ResponseWriter, r *http.Request, answer url.Values) {
	answer.Set("state", cmp.Or(d.state, d.asked.Get("state")))
	http.Redirect(w, r, d.asked.Get("redirect_uri")+"?"+answer.Encode(), http.StatusFound)
}

func (d *doors) token(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	proof := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(proof[:])
	r.PostForm.Del("code_verifier")
	want := url.Values{"grant_type": {"authorization_code"}, "code": {"c"}, "redirect_uri": {idp.Callback}}
	if id, secret, _ := r.BasicAuth(); id+secret != "portalportal-secret" || r.PostForm.Encode() != want.Encode() || challenge != d.asked.Get("code_challenge") {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	fmt.Fprint(w, `{"access_token":"a","id_token":"i","refresh_token":"r","scope":"openid"}`)
}
