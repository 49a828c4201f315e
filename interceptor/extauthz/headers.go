package extauthz

import (
	"net/http"
	"strings"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
)

// headers are the headers of a request, with all their values, by names in lower case.
type headers map[string][]string

// headersOf returns the headers of a request as Envoy reports them: raw ones, or, without
// encode_raw_headers, one value for each name.
func headersOf(r *authv3.AttributeContext_HttpRequest) (h headers, mistake string) {
	h = headers{}
	raw := r.GetHeaderMap().GetHeaders()
	if len(raw) > 0 && len(r.GetHeaders()) > 0 {
		return h, "both kinds of headers are in it, raw ones and joined ones"
	}
	for _, header := range raw {
		value := header.GetValue()
		if len(header.GetRawValue()) > 0 {
			value = string(header.GetRawValue())
		}
		h.add(header.GetKey(), value)
	}
	for name, value := range r.GetHeaders() {
		h.add(name, value)
	}
	return h, ""
}

func (h headers) add(name, value string) {
	name = strings.ToLower(name)
	h[name] = append(h[name], value)
}

// credentials returns the values of authorization. Envoy joins several of them with
// commas, also in raw headers. A bearer token has no comma (RFC 6750, section 2.1), so
// that a value with one is separated again.
func (h headers) credentials() []string {
	var all []string
	for _, value := range h["authorization"] {
		if scheme, _, _ := strings.Cut(value, " "); !strings.EqualFold(scheme, "bearer") {
			all = append(all, value)
			continue
		}
		all = append(all, strings.Split(value, ",")...)
	}
	return all
}

// http returns the headers in the form of net/http, without pseudo-headers.
func (h headers) http() http.Header {
	all := http.Header{}
	for name, values := range h {
		if !strings.HasPrefix(name, ":") {
			all[http.CanonicalHeaderKey(name)] = values
		}
	}
	return all
}

// only returns the value of a header that has one, and otherwise the empty string.
func (h headers) only(name string) string {
	if len(h[name]) != 1 {
		return ""
	}
	return h[name][0]
}
