package verifier

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/grpcaud/grpcaud/internal/backoff"
	"github.com/grpcaud/grpcaud/internal/metadata"
	"github.com/grpcaud/grpcaud/internal/webclient"
)

const (
	fetchTimeout = 5 * time.Second // of one request to an issuer
	maxDocument  = 1 << 20         // bytes of a document, uncompressed
	maxAnswer    = 16 << 10        // bytes of an answer about a token
)

// web sends requests to issuers. It keeps no cookies and follows no redirects, so that
// no host can send us to another.
type web struct {
	client    *http.Client
	transport http.RoundTripper
	own       bool            // the transport belongs to the verifier, which closes it
	trusting  map[string]*web // by the file of certificate authorities
}

func newWeb(transport http.RoundTripper) *web {
	own := transport == nil
	if own {
		transport = webclient.NewTransport()
	}
	return &web{client: webclient.New(transport, fetchTimeout), transport: transport, own: own, trusting: map[string]*web{}}
}

// trustingFile returns a web like w that trusts only the certificate authorities in a
// file. It returns w for an empty path, and if the transport is not an
// [*http.Transport].
func (w *web) trustingFile(path string) *web {
	base, ok := w.transport.(*http.Transport)
	if path == "" || !ok {
		return w
	}
	if w.trusting[path] == nil {
		w.trusting[path] = &web{client: webclient.New(webclient.TrustFile(path, base, nil), fetchTimeout), own: true}
	}
	return w.trusting[path]
}

func (w *web) close() {
	for _, other := range w.trusting {
		other.close()
	}
	if w.own {
		w.client.CloseIdleConnections()
	}
}

// get fetches a document.
func (w *web) get(ctx context.Context, address string) ([]byte, http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	return w.do(request, maxDocument)
}

// do returns the body and the header of an answer with the status 200 and at most this
// many bytes. Its error never has the content of the answer; for any other answer it
// is an answerError.
func (w *web) do(request *http.Request, most int64) ([]byte, http.Header, error) {
	request.Header.Set("Accept", "application/json")
	response, err := w.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, nil, answerError{request.URL.Redacted(), response.StatusCode, "", pauseOf(response.Header), response.Header}
	}
	body, err := webclient.Read(response.Body, most)
	if large, ok := errors.AsType[webclient.TooLargeError](err); ok {
		return nil, nil, answerError{request.URL.Redacted(), response.StatusCode, " with " + large.Error(), 0, nil}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", request.URL.Redacted(), err)
	}
	return body, response.Header, nil
}

// answerError is an answer with another status than 200, or with too many bytes.
type answerError struct {
	address string
	code    int
	more    string
	after   time.Duration // how long the answer asks to wait (RFC 9110, section 10.2.3), within limits
	header  http.Header   // for its kind, and where it leads
}

// answerOf returns the answer other than 200 that err is about, of the issuer or of
// its metadata; the zero answer if there is none.
func answerOf(err error) answerError {
	if answer, ok := errors.AsType[*metadata.StatusError](err); ok {
		return answerError{answer.Address, answer.Code, "", pauseOf(answer.Header), answer.Header}
	}
	answer, _ := errors.AsType[answerError](err)
	return answer
}

func (e answerError) Error() string {
	return fmt.Sprintf("%s answered %d%s", e.address, e.code, e.more)
}

// pauseOf returns how long an answer asks to wait (Retry-After), at most lastRetry;
// zero if it does not say.
func pauseOf(header http.Header) time.Duration {
	now := time.Now()
	return max(backoff.RetryAfter(header, now, lastRetry).Sub(now), 0)
}
