package connectguard

import "net/http"

// WithoutRedirects returns a copy of an HTTP client that follows no redirects; nil means
// [http.DefaultClient]. Connect has no redirects, and net/http would take the token along:
// to other ports and to subdomains of the host, and from https to plain http. A call that
// is answered with a redirect fails.
func WithoutRedirects(client *http.Client) *http.Client {
	if client == nil {
		client = http.DefaultClient
	}
	without := *client
	without.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &without
}
