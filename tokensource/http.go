package tokensource

import (
	"fmt"
	"net/http"
	"time"
)

const requestTimeout = 10 * time.Second

// newClient returns a client that reads no long answers and follows no redirects.
func newClient(t http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: strict{t},
		Timeout:   requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// busy returns the outage that an answer tells of; nil if it is of another kind.
func busy(what string, resp *http.Response) *outage {
	status := resp.StatusCode
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500, status/100 == 3:
		return &outage{fmt.Sprintf("%s: status %d%s", what, status, redirected(status)), retryAfter(resp.Header, time.Now())}
	}
	return nil
}
