package testutil

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// Status returns a handler that answers with code, an empty body and the
// headers, given as names and values in turn: Status(429, "Retry-After", "5").
// It panics if a value is missing.
func Status(code int, headers ...string) http.Handler {
	if len(headers)%2 != 0 {
		panic(fmt.Sprintf("testutil: status: header %q without a value", headers[len(headers)-1]))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for h := headers; len(h) > 0; h = h[2:] {
			w.Header().Add(h[0], h[1])
		}
		w.WriteHeader(code)
	})
}

// Body returns a handler that answers 200 with body: HTML where JSON is due,
// half a document, a forged one.
func Body(contentType, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		io.WriteString(w, body)
	})
}

// Redirect returns a handler that answers 302 to url; see
// [http.RedirectHandler] for the other codes.
func Redirect(url string) http.Handler {
	return http.RedirectHandler(url, http.StatusFound)
}

// Hang returns a handler that says nothing until whoever asked gives up.
func Hang() http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// A server notices a closed connection only after the request's body.
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
}

// Drip returns a handler that answers 200 with body, one byte each interval,
// for as long as somebody reads.
func Drip(body string, interval time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		tick := time.NewTicker(interval)
		defer tick.Stop()
		out := http.NewResponseController(w)
		for n := range len(body) {
			io.WriteString(w, body[n:n+1])
			out.Flush()
			select {
			case <-tick.C:
			case <-r.Context().Done():
				panic(http.ErrAbortHandler)
			}
		}
	})
}
