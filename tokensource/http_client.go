package tokensource

import (
	"fmt"
	"mime"
	"net/http"
	"time"

	"github.com/grpcaud/grpcaud/internal/backoff"
	"github.com/grpcaud/grpcaud/internal/webclient"
)

const (
	requestTimeout = 10 * time.Second
	maxBody        = 1<<20 - 1 // one byte less than the limit at which x/oauth2 cuts a body without an error
)

// newClient returns a client that follows no redirects and reads no long answers.
func newClient(t http.RoundTripper) *http.Client {
	return webclient.New(strictTransport{t}, requestTimeout)
}

// strictTransport makes an error of an answer of more than 1 MiB, and of a token
// endpoint's answer that is not JSON (RFC 6749, section 5.1): x/oauth2 would read a
// form or plain text.
type strictTransport struct{ http.RoundTripper }

func (t strictTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if r.Method == http.MethodPost && resp.StatusCode/100 == 2 && kind != "application/json" {
		resp.Body.Close()
		return nil, &contentTypeError{kind, resp.StatusCode}
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxBody)
	return resp, nil
}

// contentTypeError is an answer with a token, by its status, that is no JSON.
type contentTypeError struct {
	contentType string
	status      int
}

func (e *contentTypeError) Error() string {
	return fmt.Sprintf("content type: got %s, want application/json", quote(e.contentType))
}

// busyError returns the error for an answer that says "not now"; nil for any other
// answer.
func busyError(what string, resp *http.Response) *unavailableError {
	status := resp.StatusCode
	if status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500 || status/100 == 3 {
		return newUnavailableError(fmt.Sprintf("%s: status %d", what, status), status, resp.Header)
	}
	return nil
}

// newUnavailableError returns the error for an answer with this status.
func newUnavailableError(cause string, status int, h http.Header) *unavailableError {
	if status/100 == 3 {
		cause += ", and redirects are not followed"
	}
	return &unavailableError{cause, backoff.RetryAfter(h, time.Now(), maxPause)}
}
