package testutil

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// Alter returns a handler for [Issuer.Fault] that responds at endpoint as the issuer
// does, after change has altered the members of the JSON object: another token_type, an
// expires_in of "3600", a token with a line break in it. A member that is a
// [json.RawMessage] is written unchanged. A response that is not a JSON object is not
// altered. It panics on values that JSON cannot represent.
func (i *Issuer) Alter(endpoint Endpoint, change func(response map[string]any)) http.Handler {
	return i.rewrite(endpoint, func(body []byte) []byte {
		var response map[string]any
		if json.Unmarshal(body, &response) != nil || response == nil {
			return body
		}
		change(response)
		return encode(response)
	})
}

// Truncate returns a handler for [Issuer.Fault] that responds at endpoint with the first
// n bytes of the issuer's response, as if they were the whole.
func (i *Issuer) Truncate(endpoint Endpoint, n int) http.Handler {
	if n < 0 {
		panic(fmt.Sprintf("testutil: truncate: got %d bytes, want none or more", n))
	}
	return i.rewrite(endpoint, func(body []byte) []byte { return body[:min(n, len(body))] })
}

// rewrite returns a handler that changes the bodies of the issuer's own responses.
func (i *Issuer) rewrite(endpoint Endpoint, change func([]byte) []byte) http.Handler {
	own := i.own(endpoint)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		response := &record{ResponseWriter: w, status: http.StatusOK}
		own.ServeHTTP(response, r)
		w.WriteHeader(response.status)
		w.Write(change(response.body.Bytes()))
	})
}

// record keeps the status and the body that are written to a [http.ResponseWriter].
type record struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *record) WriteHeader(status int) { r.status = status }

func (r *record) Write(b []byte) (int, error) { return r.body.Write(b) }
