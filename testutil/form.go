package testutil

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
)

// form returns a handler of forms that clients post with their credentials.
func (i *Issuer) form(respond func(Client, url.Values) (any, *refusal)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		body, err := i.readForm(r, respond)
		if err != nil {
			err.write(w)
			return
		}
		writeJSON(w, http.StatusOK, body)
	}
}

func (i *Issuer) readForm(r *http.Request, respond func(Client, url.Values) (any, *refusal)) (any, *refusal) {
	if err := parseForm(r); err != nil {
		return nil, err
	}
	c, err := i.authenticate(r)
	if err != nil {
		return nil, err
	}
	return respond(c, r.PostForm)
}

// parseForm fills r.PostForm. No parameter may be repeated; see [repeated].
func parseForm(r *http.Request) *refusal {
	const encoded = "application/x-www-form-urlencoded"
	if r.Method != http.MethodPost {
		return refuse("invalid_request", fmt.Sprintf("got method %s, want POST", r.Method))
	}
	if got, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); got != encoded {
		return refuse("invalid_request", fmt.Sprintf("got content type %q, want %s", got, encoded))
	}
	if err := r.ParseForm(); err != nil {
		return refuse("invalid_request", "malformed form")
	}
	if name := repeated(r.PostForm); name != "" {
		return refuse("invalid_request", name+" is repeated")
	}
	return nil
}
