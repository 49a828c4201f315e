package httpguard

import (
	"net/http"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/overhttp"
)

// preflightAge is for how many seconds a browser may remember the answer to a preflight.
const preflightAge = "600"

// exposed are the headers of a refusal that scripts may read.
const exposed = "WWW-Authenticate, X-Request-Id, Retry-After, Grpcaud-Would-Refuse"

// preflight answers a preflight of a declared origin and reports whether it did. Every
// other request is judged, whatever it looks like.
func (g *guard) preflight(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodOptions || !g.declared(r) {
		return false
	}
	method := r.Header.Get("Access-Control-Request-Method")
	if method == "" {
		return false
	}
	g.allowOrigin(w, r)
	h := w.Header()
	h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	h.Set("Access-Control-Allow-Methods", listed(method))
	if headers := r.Header.Get("Access-Control-Request-Headers"); headers != "" {
		h.Set("Access-Control-Allow-Headers", listed(headers))
	}
	h.Set("Access-Control-Max-Age", preflightAge)
	overhttp.LeaveBody(w, r)
	w.WriteHeader(http.StatusNoContent)
	return true
}

// allowOrigin lets scripts of a declared origin read the answer.
func (g *guard) allowOrigin(w http.ResponseWriter, r *http.Request) {
	if len(g.origins) == 0 {
		return
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	if g.declared(r) {
		h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		h.Set("Access-Control-Expose-Headers", exposed)
	}
}

// declared reports whether a request comes from a page of a declared origin.
func (g *guard) declared(r *http.Request) bool {
	origins := r.Header["Origin"]
	return len(origins) == 1 && slices.Contains(g.origins, origins[0])
}

// listed returns a list of names as it may stand in the answer: empty if a name has a
// character that names do not have, or if the list is long.
func listed(names string) string {
	const longest = 1 << 10
	if len(names) > longest || strings.ContainsFunc(names, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_, ", c)
	}) {
		return ""
	}
	return names
}
