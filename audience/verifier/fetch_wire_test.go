package verifier_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

func answer(r *http.Request, status int, body io.Reader) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(body), Request: r}
}

// TestAnswersThatAreKeys shows which answers are accepted as keys. The content of each
// refused answer is good, so that only the reason in its name refuses it.
func TestAnswersThatAreKeys(t *testing.T) {
	issuer := newIssuer()
	key := issuer.Rotate("ES256")
	keys := string(jwks(t, key.JWK()))
	many := func(n int) string { return string(jwks(t, slices.Repeat([]any{key.JWK()}, n)...)) }
	padded := func(size int) string { return keys + strings.Repeat(" ", size-len(keys)) }
	for _, row := range []struct {
		name   string
		status int
		body   io.Reader
		cause  audience.Cause
	}{
		{"200", 200, strings.NewReader(keys), ""},
		{"largest", 200, strings.NewReader(padded(1 << 20)), ""},
		{"most keys", 200, strings.NewReader(many(100)), ""},
		{"a byte too large", 200, strings.NewReader(padded(1<<20 + 1)), audience.CauseKeysUnavailable},
		{"a key too many", 200, strings.NewReader(many(101)), audience.CauseKeysUnavailable},
		{"203", 203, strings.NewReader(keys), audience.CauseKeysUnavailable},
		{"404", 404, strings.NewReader(keys), audience.CauseKeysUnavailable},
		{"500", 500, strings.NewReader(keys), audience.CauseKeysUnavailable},
		{"broken off", 200, io.MultiReader(strings.NewReader(keys), iotest.ErrReader(io.ErrUnexpectedEOF)), audience.CauseKeysUnavailable},
	} {
		t.Run(row.name, func(t *testing.T) {
			v, err := verifier.New([]access.Issuer{{URL: corp, JWKS: corp + "/jwks"}}, verifier.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
				if got := r.Header.Get("Accept"); got != "application/json" {
					t.Errorf("Accept = %q, want application/json", got)
				}
				return answer(r, row.status, row.body), nil
			})))
			if err != nil {
				t.Fatal(err)
			}
			defer v.Close()
			_, err = v.Verify(t.Context(), mint(issuer))
			want(t, row.name, err, row.cause)
		})
	}
}

// endless is a body that never ends of itself, short of what would fill the
// memory. It counts.
type endless struct {
	read   int
	closed bool
}

func (e *endless) Read(p []byte) (int, error) {
	if e.read > 8<<20 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = ' '
	}
	e.read += len(p)
	return len(p), nil
}

func (e *endless) Close() error {
	e.closed = true
	return nil
}

// TestEndlessAnswersAreNotRead shows that no more of an answer is read than its limit,
// and that it is closed.
func TestEndlessAnswersAreNotRead(t *testing.T) {
	body := &endless{}
	v, err := verifier.New([]access.Issuer{{URL: corp}}, verifier.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: body, Request: r}, nil
	})))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	_, err = v.Verify(t.Context(), mint(newIssuer()))
	want(t, "endless", err, audience.CauseKeysUnavailable)
	if body.read > 1<<20+1 || !body.closed {
		t.Errorf("read %d bytes, closed %v; want at most 1 MiB and a byte, closed", body.read, body.closed)
	}
}

// TestRedirectsAreNotFollowed shows that no redirect is followed, not even to where good
// answers are.
func TestRedirectsAreNotFollowed(t *testing.T) {
	issuer := newIssuer()
	key := issuer.Rotate("ES256")
	for endpoint, document := range map[testutil.Endpoint]string{
		testutil.Discovery: encode(t, map[string]any{"issuer": corp, "jwks_uri": corp + "/jwks"}),
		testutil.JWKS:      string(jwks(t, key.JWK())),
	} {
		synctest.Test(t, func(t *testing.T) {
			issuer.Fault(endpoint, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.RawQuery == "" {
					http.Redirect(w, r, corp+string(endpoint)+"?moved", http.StatusFound)
					return
				}
				io.WriteString(w, document)
			}))
			defer issuer.Fault(endpoint, nil)
			_, err := newVerifier(t, issuer).Verify(t.Context(), mint(issuer))
			want(t, string(endpoint), err, audience.CauseKeysUnavailable)
		})
	}
}

// TestMovedKeysAreFoundAgain shows that the metadata is read once while the keys are
// at its address, and again when they are no longer there.
func TestMovedKeysAreFoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, "first", err, "")
		time.Sleep(45 * time.Minute)
		if n := issuer.Requests(testutil.Discovery); n != 1 {
			t.Errorf("%d discoveries in less than an hour, want 1", n)
		}
		moved := testutil.NewKey("ES256")
		issuer.Fault(testutil.Discovery, testutil.RespondBody("application/json", encode(t, map[string]any{"issuer": corp, "jwks_uri": corp + "/jwks?moved"})))
		issuer.Fault(testutil.JWKS, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery != "moved" {
				http.NotFound(w, r)
				return
			}
			w.Write(jwks(t, moved.JWK()))
		}))
		time.Sleep(10 * time.Minute)
		_, err = v.Verify(t.Context(), mint(issuer, testutil.SignedBy(moved)))
		want(t, "moved", err, "")
	})
}

// TestDiscoveryAndKeysShareOneTimeout shows that discovery and keys share one timeout.
func TestDiscoveryAndKeysShareOneTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		transport := issuer.Transport()
		v, err := verifier.New([]access.Issuer{{URL: corp}}, verifier.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
			select {
			case <-r.Context().Done():
				return nil, r.Context().Err()
			case <-time.After(4 * time.Second):
				return transport.RoundTrip(r)
			}
		})))
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		began := time.Now()
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "slow", err, audience.CauseKeysUnavailable)
		if waited := time.Since(began); waited != 5*time.Second {
			t.Errorf("waited %v, want 5 seconds", waited)
		}
	})
}
