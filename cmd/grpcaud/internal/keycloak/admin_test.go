package keycloak_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/keycloak"
)

// server plays Keycloak: it answers each path with what is said of it.
type server map[string]func(http.ResponseWriter, *http.Request)

const (
	tokens  = "POST /realms/corp/protocol/openid-connect/token"
	clients = "GET /admin/realms/corp/clients"
	scopes  = "GET /admin/realms/corp/client-scopes"
)

func (s server) start(t *testing.T) string {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer := s[r.Method+" "+r.URL.Path]; answer != nil {
			answer(w, r)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(web.Close)
	return web.URL
}

// says answers with this status and body.
func says(status int, kind, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		w.Write([]byte(body))
	}
}

const asJSON = "application/json"

// running is a Keycloak that answers as it should to those who may ask.
func running(t *testing.T) server {
	t.Helper()
	text := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	realm := exported(t)
	guarded := func(body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer t0ken" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			says(http.StatusOK, asJSON, body)(w, r)
		}
	}
	return server{
		tokens: func(w http.ResponseWriter, r *http.Request) {
			if id, secret, _ := r.BasicAuth(); id != "auditor" || secret != "s%2Fcret" || r.FormValue("grant_type") != "client_credentials" {
				says(http.StatusUnauthorized, asJSON, `{"error": "unauthorized_client"}`)(w, r)
				return
			}
			says(http.StatusOK, asJSON, `{"access_token": "t0ken"}`)(w, r)
		},
		clients: guarded(text(realm.Clients)),
		scopes:  guarded(text(realm.Scopes)),
	}
}

func TestFetch(t *testing.T) {
	at := running(t).start(t)
	for _, admin := range []keycloak.Admin{
		{URL: at, Realm: "corp", Token: "t0ken"},
		{URL: at + "/", Realm: "corp", Client: "auditor", Secret: "s/cret"},
	} {
		got, err := admin.Fetch(t.Context())
		if err != nil || len(keycloak.Compare(exported(t), got)) > 0 {
			t.Errorf("got %v, %v", keycloak.Compare(exported(t), got), err)
		}
	}
}

func TestFetchFails(t *testing.T) {
	down := httptest.NewServer(nil)
	down.Close()
	for _, row := range []struct {
		name   string
		admin  keycloak.Admin
		path   string
		answer func(http.ResponseWriter, *http.Request)
		want   string
	}{
		{"no URL", keycloak.Admin{URL: "sso.example.com"}, "", nil, "want the URL of a Keycloak"},
		{"a query", keycloak.Admin{URL: "https://sso.example.com/?a=b"}, "", nil, "want the URL of a Keycloak"},
		{"plain http", keycloak.Admin{URL: "http://sso.example.com"}, "", nil, "want https"},
		{"down", keycloak.Admin{URL: down.URL, Token: "t0ken"}, "", nil, "cannot ask Keycloak"},
		{"wrong secret", keycloak.Admin{Client: "auditor", Secret: "other"}, "", nil, `gave client "auditor" of realm "corp" no token: 401 "unauthorized_client"`},
		{"no realm to log in to", keycloak.Admin{Client: "auditor"}, tokens, says(404, asJSON, `{"error": "Realm does not exist"}`), `there is no realm "corp"`},
		{"wrong token", keycloak.Admin{Token: "other"}, "", nil, "401: the admin's token is refused"},
		{"not allowed", keycloak.Admin{Token: "t0ken"}, clients, says(403, asJSON, `{"error": "HTTP 403 Forbidden"}`), "give it the roles view-clients and view-realm"},
		{"not allowed the scopes", keycloak.Admin{Token: "t0ken"}, scopes, says(403, asJSON, `{}`), "give it the roles view-clients and view-realm"},
		{"no realm", keycloak.Admin{Token: "t0ken"}, clients, says(404, asJSON, `{"error": "Realm not found."}`), `there is no realm "corp"`},
		{"out of order", keycloak.Admin{Token: "t0ken"}, clients, says(500, asJSON, `{}`), "500 Internal Server Error"},
		{"a page", keycloak.Admin{Token: "t0ken"}, clients, says(200, "text/html; charset=utf-8", "<html>"), "with a page instead of JSON"},
		{"a page of an error", keycloak.Admin{Token: "t0ken"}, clients, says(502, "text/html", "<html>"), "502 Bad Gateway, with a page instead of JSON"},
		{"no JSON", keycloak.Admin{Token: "t0ken"}, clients, says(200, asJSON, "clients"), "not the JSON of Keycloak"},
		{"too much", keycloak.Admin{Token: "t0ken"}, clients, says(200, asJSON, strings.Repeat(" ", 64<<20)+"[]"), "the answer has more than 64 MiB"},
		{"no client in sight", keycloak.Admin{Token: "t0ken"}, clients, says(200, asJSON, "[]"), "the admin sees no client"},
		{"elsewhere", keycloak.Admin{Token: "t0ken"}, clients, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/admin/realms/corp/client-scopes", http.StatusTemporaryRedirect)
		}, "307"},
	} {
		keycloakServer := running(t)
		if row.answer != nil {
			keycloakServer[row.path] = row.answer
		}
		if row.admin.Realm = "corp"; row.admin.URL == "" {
			row.admin.URL = keycloakServer.start(t)
		}
		_, err := row.admin.Fetch(t.Context())
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
		if err != nil && (strings.Contains(err.Error(), "t0ken") || strings.Contains(err.Error(), "s/cret")) {
			t.Errorf("%s: got the secret in %v", row.name, err)
		}
	}
}
