package overhttp

import (
	"net/http"
	"strings"
)

// addVary adds a name to the Vary header unless it is there.
func addVary(h http.Header, name string) {
	for _, value := range h["Vary"] {
		for field := range strings.SplitSeq(value, ",") {
			if field = strings.TrimSpace(field); field == "*" || strings.EqualFold(field, name) {
				return
			}
		}
	}
	h.Add("Vary", name)
}
