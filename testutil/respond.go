package testutil

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// RespondStatus returns a handler that responds with code, an empty body and the
// headers, given as names and values in turn:
// RespondStatus(429, "Retry-After", "5"). It panics if a value is missing.
func RespondStatus(code int, headers ...string) http.Handler {
	if len(headers)%2 != 0 {
		panic(fmt.Sprintf("testutil: RespondStatus: header %q without a value", headers[len(headers)-1]))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for h := headers; len(h) > 0; h = h[2:] {
			w.Header().Add(h[0], h[1])
		}
		w.WriteHeader(code)
	})
}

// RespondBody returns a handler that responds 200 with body, such as HTML instead of
// JSON, half a document, or a forged one.
func RespondBody(contentType, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		io.WriteString(w, body)
	})
}

// RespondRedirect returns a handler that responds with a redirect (302) to url; see
// [http.RedirectHandler] for other codes.
func RespondRedirect(url string) http.Handler {
	return http.RedirectHandler(url, http.StatusFound)
}

// RespondNever returns a handler that sends nothing until the client gives up.
func RespondNever() http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// A server notices a closed connection only after it has read the request's body.
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
}

// RespondSlowly returns a handler that responds 200 with body, one byte each interval,
// for as long as the client reads.
func RespondSlowly(body string, interval time.Duration) http.Handler {
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
