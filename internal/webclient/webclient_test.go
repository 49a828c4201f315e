package webclient_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/internal/webclient"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		requests := 0
		client := webclient.New(roundTripper(func(r *http.Request) (*http.Response, error) {
			if requests++; requests > 1 {
				return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
			}
			header := http.Header{"Location": {"https://evil.example/"}}
			return &http.Response{StatusCode: status, Header: header, Body: http.NoBody, Request: r}, nil
		}), time.Second)
		resp, err := client.Post("https://idp.example.com/token", "text/plain", strings.NewReader("secret"))
		if err != nil || resp.StatusCode != status || requests != 1 {
			t.Errorf("%d: got %v, %v after %d requests, want the redirect itself after one", status, resp, err, requests)
		}
	}
}

// slowBody never ends.
type slowBody struct{ r *http.Request }

func (b slowBody) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		return copy(p, "x"), nil
	case <-b.r.Context().Done():
		return 0, b.r.Context().Err()
	}
}

func TestTimeoutCoversTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := webclient.New(roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(slowBody{r}), Request: r}, nil
		}), 5*time.Second)
		began := time.Now()
		resp, err := client.Get("https://idp.example.com/")
		if err == nil {
			_, err = webclient.Read(resp.Body, 1<<20)
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) && !strings.Contains(err.Error(), "deadline") || time.Since(began) > 6*time.Second {
			t.Errorf("got %v after %v, want a timeout after 5s", err, time.Since(began))
		}
	})
}

func TestReadIsBounded(t *testing.T) {
	for size, good := range map[int]bool{0: true, 9: true, 10: true, 11: false, 1000: false} {
		body, err := webclient.Read(strings.NewReader(strings.Repeat("x", size)), 10)
		if _, tooLarge := errors.AsType[webclient.TooLargeError](err); tooLarge == good || good && len(body) != size {
			t.Errorf("%d bytes: got %d, %v, want good = %v", size, len(body), err, good)
		}
	}
}
