package idp_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/idp"
)

// TestSessionEnds shows that a browser confirms a logout if it is asked, and tells of one
// that fails.
func TestSessionEnds(t *testing.T) {
	for _, row := range []struct {
		name, page string
		status     int
		confirmed  bool
		want       string // of the error; empty for none
	}{
		{"without a question", "<p>bye</p>", 200, false, ""},
		{"with a question", `<form action="/confirm" method="post"><input name="xsrf" value="x"></form><button name="logout" value="yes">`, 200, true, ""},
		{"with a question that is not there", `<form action="/nowhere" method="post"></form>`, 200, false, "404"},
		{"refused", "<p>no such client</p>", 400, false, "no such client"},
	} {
		var asked, confirmed url.Values
		d := &doors{}
		mux := http.NewServeMux()
		mux.HandleFunc("GET /logout", func(w http.ResponseWriter, r *http.Request) {
			asked = r.URL.Query()
			w.WriteHeader(row.status)
			fmt.Fprint(w, row.page)
		})
		mux.HandleFunc("POST /confirm", func(_ http.ResponseWriter, r *http.Request) {
			r.ParseForm()
			confirmed = r.PostForm
		})
		ends := httptest.NewServer(mux)
		defer ends.Close()
		d.end = ends.URL + "/logout"
		session, err := idp.At(d.open(t)).Begin(t.Context(), idp.Login{Client: "portal", User: "alice"})
		if err != nil {
			t.Fatal(err)
		}
		err = session.End(t.Context())
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
		if asked.Get("id_token_hint") != "i" || asked.Get("client_id") != "portal" {
			t.Errorf("%s: asked %v", row.name, asked)
		}
		if row.confirmed != (confirmed.Get("logout") == "yes" && confirmed.Get("xsrf") == "x") {
			t.Errorf("%s: confirmed %v", row.name, confirmed)
		}
	}
}
