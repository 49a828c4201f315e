package tokensource_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/grpcaud/grpcaud/tokensource"
)

const (
	issuer = "https://idp.example.com/realms/corp"
	client = "backoffice-portal"
	secret = "s3cr3t/of+backoffice"
)

// silent disables the log.
var silent = tokensource.Logger(slog.New(slog.DiscardHandler))

// newSource returns a cache over w that the test closes.
func newSource(t testing.TB, w *wire, opts ...tokensource.OAuthOption) *tokensource.Cache {
	t.Helper()
	opts = append([]tokensource.OAuthOption{tokensource.Transport(w), silent}, opts...)
	s, err := tokensource.New(issuer, tokensource.ClientCredentials(client, secret), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// wire plays the issuer. Its zero value gives every client a token for every audience.
type wire struct {
	discovery func(*http.Request) (*http.Response, error) // nil: a valid document
	token     func(*http.Request, url.Values) (*http.Response, error)

	mu       sync.Mutex // guards the fields below
	found    int
	requests []*http.Request // to the token endpoint
	forms    []url.Values
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Method == http.MethodGet {
		return w.discover(r)
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
	answer := w.token
	w.mu.Unlock()
	if answer == nil {
		return good(r, form)
	}
	return answer(r, form)
}

func (w *wire) discover(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.found++
	answer := w.discovery
	w.mu.Unlock()
	if answer != nil {
		return answer(r)
	}
	return reply(200, document(issuer, issuer+"/token"))(r)
}

// answer sets the answer of the token endpoint from now on.
func (w *wire) answer(f func(*http.Request, url.Values) (*http.Response, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.token = f
}

// count returns the number of requests to the token endpoint.
func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.requests)
}

// last returns the last request to the token endpoint.
func (w *wire) last() (*http.Request, url.Values) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests[len(w.requests)-1], w.forms[len(w.forms)-1]
}

// good answers with an opaque token for 300 s.
func good(r *http.Request, form url.Values) (*http.Response, error) {
	return reply(200, grant("opaque-"+form.Get("audience"), `"expires_in":300`))(r)
}

// grant returns the JSON of an answer with this token and these further members.
func grant(token string, more ...string) string {
	return fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer",`+
		`"issued_token_type":"urn:ietf:params:oauth:token-type:access_token"%s}`,
		token, strings.Join(append([]string{""}, more...), ","))
}

func document(issuer, endpoint string, methods ...string) string {
	text, _ := json.Marshal(map[string]any{
		"issuer": issuer, "token_endpoint": endpoint, "token_endpoint_auth_methods_supported": methods,
	})
	return string(text)
}

// jwt returns a JWT with this payload and an invalid signature.
func jwt(payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256","typ":"at+jwt"}`)) + "." + encode([]byte(payload)) + "." + encode([]byte("signature"))
}

// reply answers with JSON; headers come in pairs.
func reply(status int, body string, headers ...string) func(*http.Request) (*http.Response, error) {
	h := http.Header{"Content-Type": {"application/json;charset=UTF-8"}}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

// always returns an answer that ignores the form.
func always(f func(*http.Request) (*http.Response, error)) func(*http.Request, url.Values) (*http.Response, error) {
	return func(r *http.Request, _ url.Values) (*http.Response, error) { return f(r) }
}

// part decodes the header (0) or the payload (1) of a JWT.
func part(t *testing.T, token string, n int) (members map[string]any) {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[n])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &members); err != nil {
		t.Fatal(err)
	}
	return members
}
