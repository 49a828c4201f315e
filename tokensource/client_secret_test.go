package tokensource_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// open returns a cache over w that the test closes.
func open(t testing.TB, auth tokensource.ClientAuth, w http.RoundTripper, opts ...tokensource.OAuthOption) *tokensource.Cache {
	t.Helper()
	c, err := tokensource.New(issuer, auth, append([]tokensource.OAuthOption{tokensource.Transport(w)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// through returns a wire that leads to idp.
func through(idp *testutil.Issuer) *wire {
	next := idp.Transport().RoundTrip
	return &wire{discovery: next, token: func(r *http.Request, form url.Values) (*http.Response, error) {
		r.Body = io.NopCloser(strings.NewReader(form.Encode()))
		return next(r)
	}}
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

func TestClientSecretCannotBePrinted(t *testing.T) {
	for _, auth := range []tokensource.ClientAuth{
		tokensource.ClientCredentials(client, secret), tokensource.ClientSecretFile(client, file(t, secret)),
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
			fmt.Fprintf(&out, verb+"\n", auth)
			fmt.Fprintf(&out, verb+"\n", struct{ auth tokensource.ClientAuth }{auth})
		}
		_ = json.NewEncoder(&out).Encode(auth)
		for _, leak := range []string{secret, fmt.Sprintf("%x", secret)} {
			if strings.Contains(out.String(), leak) {
				t.Errorf("%T shows the secret", auth)
			}
		}
	}
}

func TestUnreadableSecretFileIsUnavailable(t *testing.T) {
	const inside = "what-is-inside"
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for _, path := range append(waiting(t, ctx),
		filepath.Join(t.TempDir(), "missing"), file(t, inside+strings.Repeat("x", 64<<10)), file(t, ""), t.TempDir(),
	) {
		w := &wire{}
		_, err := open(t, tokensource.ClientSecretFile(client, path), w).Token(ctx, orders)
		if !errors.Is(err, tokensource.ErrUnavailable) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), inside) || w.count() != 0 {
			t.Errorf("got %v after %d requests, want ErrUnavailable with %s and not its content, none", err, w.count(), path)
		}
		if _, err := newFile(t, path).Token(ctx, orders); !errors.Is(err, tokensource.ErrUnavailable) || !strings.Contains(err.Error(), path) {
			t.Errorf("a token in %s: got %v, want ErrUnavailable", path, err)
		}
	}
}

func TestClientSecretFileIsReadForEachRequest(t *testing.T) {
	idp := testutil.NewIssuer(issuer)
	idp.Register(testutil.Client{ID: client, Secret: "first", Audiences: []string{"a", "b", "c"}})
	path := file(t, "first\r\n")
	s := open(t, tokensource.ClientSecretFile(client, path), idp.Transport())
	ask := func(audience string) error {
		_, err := s.Token(t.Context(), tokensource.Request{Audience: audience})
		return err
	}
	if err := ask("a"); err != nil {
		t.Fatal(err)
	}
	idp.Register(testutil.Client{ID: client, Secret: "second", Audiences: []string{"a", "b", "c"}})
	write(t, path, "second\n")
	if err := ask("b"); err != nil {
		t.Errorf("after the change: %v", err)
	}
	asked := idp.Requests(testutil.Token)
	write(t, path, "\n")
	if err := ask("c"); !errors.Is(err, tokensource.ErrUnavailable) || !strings.Contains(err.Error(), path) {
		t.Errorf("empty: got %v, want ErrUnavailable and the path", err)
	}
	if got := idp.Requests(testutil.Token); got != asked {
		t.Error("a request without a secret was sent")
	}
}
