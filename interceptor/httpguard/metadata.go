package httpguard

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/grpcaud/grpcaud/audience/access"
)

// published is the metadata that a service publishes about itself (RFC 9728).
type published struct {
	service  string
	address  *url.URL
	document []byte
}

// publishedBy returns the metadata of the services of a policy that have any.
func publishedBy(policy *access.Guard, all []access.Operation) []published {
	var found []published
	for _, o := range all {
		m := policy.ResourceMetadata(o.Service)
		if m == nil || slices.ContainsFunc(found, func(p published) bool { return p.service == o.Service }) {
			continue
		}
		if address, err := url.Parse(m.URL()); err == nil {
			found = append(found, published{o.Service, address, m.Document()})
		}
	}
	return found
}

// serveMetadata answers requests for the metadata of a service and reports whether it did.
// The host counts only if several services have a document at this path: a proxy may have
// replaced it.
func (routes *routing) serveMetadata(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	var found []published
	for _, p := range routes.published {
		if p.address.EscapedPath() == r.URL.EscapedPath() {
			found = append(found, p)
		}
	}
	if len(found) > 1 {
		found = slices.DeleteFunc(found, func(p published) bool { return p.address.Host != r.Host })
	}
	if len(found) == 0 {
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(found[0].document)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(found[0].document) // fails only if the peer has left
	}
	return true
}

// metadataOf returns the address of the metadata of the service of an operation. A request
// of no operation gets that of the first service, so that a stranger does not tell it from
// others; empty if there is none.
func (routes *routing) metadataOf(o *operation) string {
	for _, p := range routes.published {
		if o.service == "" || o.service == p.service {
			return p.address.String()
		}
	}
	return ""
}
