package learn_test

import (
	"net/http"
	"net/url"

	"github.com/grpcaud/grpcaud/testutil"
)

// roundTripper sends requests to the issuer of their host.
type roundTripper struct{ issuers []*testutil.Issuer }

// RoundTrip implements [http.RoundTripper].
func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	for i, issuer := range t.issuers {
		if u, _ := url.Parse(urls[i]); u.Host == r.URL.Host {
			return issuer.Transport().RoundTrip(r)
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}
