package logout_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/logout"
	"github.com/grpcaud/grpcaud/testutil"
)

const (
	corp   = "https://idp.example.com/realms/corp"
	portal = "6f1c" // the id of the client customer-portal
	event  = "http://schemas.openid.net/event/backchannel-logout"
	form   = "application/x-www-form-urlencoded"
)

// company is a matrix with one portal and one service.
func company(t testing.TB, changes ...func(*access.Matrix)) *access.Policy {
	t.Helper()
	matrix := access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: corp}},
		Services: map[string]access.Service{"order-status": {
			GRPC:  []string{"acme.orders.v1.OrderStatus"},
			Allow: []access.Allow{{Clients: []string{"customer-portal"}, Methods: []string{"*"}, NoScopes: true}},
		}},
		Clients: map[string]access.Client{"customer-portal": {ID: portal}},
	}
	for _, change := range changes {
		change(&matrix)
	}
	policy, err := access.New(matrix)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// ended collects the logouts that a receiver tells of.
type ended struct {
	mu  sync.Mutex // guards all
	all []claims.Logout
	err error // for the receiver
}

func (e *ended) told(_ context.Context, l *claims.Logout) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.all = append(e.all, *l)
	}
	return e.err
}

// office is a receiver, with its issuer, what it tells and what it logs.
type office struct {
	issuer   *testutil.Issuer
	receiver *logout.Receiver
	ended    ended
	log      bytes.Buffer
}

func newOffice(t testing.TB, policy *access.Policy, opts ...logout.Option) *office {
	t.Helper()
	o := &office{issuer: testutil.NewIssuer(corp)}
	var err error
	o.receiver, err = logout.NewReceiver(policy, "customer-portal", append([]logout.Option{
		logout.OnLogout(o.ended.told), logout.Transport(o.issuer.Transport()), logout.Logger(slog.New(slog.NewTextHandler(&o.log, nil))),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.receiver.Close)
	return o
}

// statement returns the claims of a good logout token, with changes; nil leaves one out.
func statement(changes map[string]any) testutil.Claims {
	c := testutil.Claims{
		"aud": portal, "sub": "alice", "sid": "s-1", "exp": time.Now().Add(2 * time.Minute).Unix(),
		"events": map[string]any{event: map[string]any{}},
	}
	for name, value := range changes {
		c[name] = value
	}
	return c
}

// token returns a logout token with these claims.
func (o *office) token(c testutil.Claims, opts ...testutil.MintOption) string {
	return o.issuer.Mint(c, append([]testutil.MintOption{testutil.Header("typ", "logout+jwt")}, opts...)...)
}

// answer is what a receiver answered.
type answer struct {
	status int
	header http.Header
	error  string
}

// post sends a body to a receiver.
func post(t testing.TB, r *logout.Receiver, contentType, body string) answer {
	t.Helper()
	q := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/backchannel-logout", strings.NewReader(body))
	q.Header.Set("Content-Type", contentType)
	return serve(t, r, q)
}

// send sends a logout token.
func (o *office) send(t testing.TB, token string) answer {
	t.Helper()
	return post(t, o.receiver, form, url.Values{"logout_token": {token}}.Encode())
}

// serve returns the answer to a request, which must be whole: not to be stored, and a
// refusal in JSON.
func serve(t testing.TB, r *logout.Receiver, q *http.Request) answer {
	t.Helper()
	w := httptest.NewRecorder()
	r.ServeHTTP(w, q)
	got := answer{status: w.Code, header: w.Header()}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control = %q, want no-store", w.Header().Get("Cache-Control"))
	}
	if w.Code == http.StatusOK {
		if w.Body.Len() > 0 {
			t.Errorf("200 with body %q", w.Body)
		}
		return got
	}
	var refusal map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &refusal); err != nil || refusal["error"] == "" || refusal["error_description"] == "" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("refusal = %q (%v)", w.Body, err)
	}
	got.error = refusal["error"]
	return got
}

// challenge is the code_challenge of a verifier (RFC 7636, section 4.2).
func challenge(verifier string) string {
	digest := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(digest[:])
}

// sessionOf returns the sid of the access token in a response.
func sessionOf(t testing.TB, body io.Reader) string {
	t.Helper()
	var tokens struct {
		Access string `json:"access_token"`
	}
	if err := json.NewDecoder(body).Decode(&tokens); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(tokens.Access, ".")
	if len(parts) != 3 {
		t.Fatalf("access token %q, want a JWT", tokens.Access)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var members struct{ Sid string }
	if err := json.Unmarshal(payload, &members); err != nil || members.Sid == "" {
		t.Fatalf("claims %s, want sid (%v)", payload, err)
	}
	return members.Sid
}

// changed returns the claims of a good logout token, of which one is another.
func changed(name string, value any) testutil.Claims {
	return statement(map[string]any{name: value})
}

// in returns the time in d as the claims of tokens have it.
func in(d time.Duration) int64 { return time.Now().Add(d).Unix() }
