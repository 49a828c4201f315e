package testutil

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// Alter returns a handler for [Issuer.Fault] that answers for endpoint as the
// issuer does, but for what change does to the members of the answer: another
// token_type, an expires_in of "3600", a token with a line break in it. A member
// that is a [json.RawMessage] is written as it stands. What is no JSON object stays
// as it is. It panics on what JSON cannot hold.
func (i *Issuer) Alter(endpoint Endpoint, change func(answer map[string]any)) http.Handler {
	return i.rewrite(endpoint, func(body []byte) []byte {
		var answer map[string]any
		if json.Unmarshal(body, &answer) != nil || answer == nil {
			return body
		}
		change(answer)
		return encode(answer)
	})
}

// Truncate returns a handler for [Issuer.Fault] that answers for endpoint as the
// issuer does, but with the first n bytes only, as if they were all.
func (i *Issuer) Truncate(endpoint Endpoint, n int) http.Handler {
	if n < 0 {
		panic(fmt.Sprintf("testutil: truncate: got %d bytes, want none or more", n))
	}
	return i.rewrite(endpoint, func(body []byte) []byte { return body[:min(n, len(body))] })
}

// rewrite returns a handler that changes the issuer's own answers.
func (i *Issuer) rewrite(endpoint Endpoint, change func([]byte) []byte) http.Handler {
	own := i.own(endpoint)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		honest := &record{ResponseWriter: w, status: http.StatusOK}
		own.ServeHTTP(honest, r)
		w.WriteHeader(honest.status)
		w.Write(change(honest.body.Bytes()))
	})
}

// record holds back what is written to a [http.ResponseWriter], but for its header.
type record struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *record) WriteHeader(status int) { r.status = status }

func (r *record) Write(b []byte) (int, error) { return r.body.Write(b) }
