package clientauth_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

const (
	issuer = "https://idp.example.com/realms/corp"
	client = "backoffice-portal"
	secret = "s3cr3t/of+backoffice"
)

var (
	orders = tokensource.Request{Audience: "order-status"}
	silent = tokensource.Logger(slog.New(slog.DiscardHandler))
)

// open returns a cache with this authentication, which the test closes.
func open(t testing.TB, auth tokensource.ClientAuth, transport http.RoundTripper) *tokensource.Cache {
	t.Helper()
	c, err := tokensource.New(issuer, auth, tokensource.Transport(transport), silent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// wire records the token requests and passes everything on to an issuer.
type wire struct {
	next http.RoundTripper // nil: an issuer that gives every client every token
	busy bool              // the token endpoint answers 503

	mu       sync.Mutex // guards what was requested
	requests []*http.Request
	forms    []url.Values
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return w.answer(r, `{"issuer":"`+issuer+`","token_endpoint":"`+issuer+`/token"}`)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.requests, w.forms = append(w.requests, r), append(w.forms, form)
	w.mu.Unlock()
	if w.busy {
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Body: http.NoBody, Request: r}, nil
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	return w.answer(r, fmt.Sprintf(`{"access_token":"opaque-%s","token_type":"Bearer","expires_in":300}`, form.Get("audience")))
}

func (w *wire) answer(r *http.Request, text string) (*http.Response, error) {
	if w.next != nil {
		return w.next.RoundTrip(r)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

// through returns a wire to idp.
func through(idp *testutil.Issuer) *wire { return &wire{next: idp.Transport()} }

// count returns the number of token requests.
func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.requests)
}

// last returns the last token request.
func (w *wire) last() (*http.Request, url.Values) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests[len(w.requests)-1], w.forms[len(w.forms)-1]
}

// file writes text into a file of the test.
func file(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, text)
	return path
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
