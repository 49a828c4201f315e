package webclient

import (
	"net/http"
	"net/url"
)

// RedirectHost returns the scheme and host to which the Location of an answer leads;
// empty if there is none. The rest of the address may have secrets.
func RedirectHost(header http.Header) string {
	u, err := url.Parse(header.Get("Location"))
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
