// Package webclient makes the HTTP clients that talk to authorization servers.
package webclient

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// New returns a client over transport. It follows no redirects, so that no host can
// send a secret to another. It keeps no cookies. timeout limits each request, from its
// start to the end of the body.
func New(transport http.RoundTripper, timeout time.Duration) *http.Client {
	return &http.Client{
		Transport:     transport,
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// NewTransport returns a transport that asks for TLS 1.2 and honours the proxy environment
// variables for https.
func NewTransport() *http.Transport {
	return DirectHTTP(&http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	})
}

// DirectHTTP returns t, which from now on takes no proxy for plain http: the exception from
// https is for one host, and a proxy would read the secrets for it. The zero Proxy is none.
func DirectHTTP(t *http.Transport) *http.Transport {
	proxy := t.Proxy
	t.Proxy = func(r *http.Request) (*url.URL, error) {
		if proxy == nil || r.URL.Scheme != "https" {
			return nil, nil
		}
		return proxy(r)
	}
	return t
}

// Read returns the body of a response. A body of more than limit bytes is a
// [TooLargeError]. Read does not close the body.
func Read(body io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(body, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(content)) > limit:
		return nil, TooLargeError(limit)
	}
	return content, nil
}

// TooLargeError means that a body has more bytes than this limit.
type TooLargeError int64

// Error names the limit.
func (e TooLargeError) Error() string { return fmt.Sprintf("more than %d bytes", int64(e)) }
