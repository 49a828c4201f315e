package tokensource_test

import (
	"bytes"
	"crypto"
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

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// open returns a source of auth over w that the test closes.
func open(t testing.TB, auth tokensource.ClientAuth, w http.RoundTripper, opts ...tokensource.Option) *tokensource.Cache {
	t.Helper()
	s, err := tokensource.New(issuer, auth, append([]tokensource.Option{tokensource.Transport(w)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// through returns a wire that leads to idp.
func through(idp *testutil.Issuer) *wire {
	carry := idp.Transport().RoundTrip
	return &wire{discovery: carry, token: func(r *http.Request, form url.Values) (*http.Response, error) {
		r.Body = io.NopCloser(strings.NewReader(form.Encode()))
		return carry(r)
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

func TestClientAuthRefusals(t *testing.T) {
	key := testutil.NewKey("ES256").Private().(crypto.Signer)
	for _, row := range []struct {
		name string
		auth tokensource.ClientAuth
		want string
	}{
		{"secret file, no id", tokensource.ClientSecretFile("", "f"), "client id"},
		{"secret file, no path", tokensource.ClientSecretFile(client, ""), "path"},
		{"key, no id", tokensource.PrivateKeyJWT("", key), "client id"},
		{"key, none", tokensource.PrivateKeyJWT(client, nil), "nil private key"},
		{"key, weak", tokensource.PrivateKeyJWT(client, weak()), "1024 bits"},
		{"key, other algorithm", tokensource.PrivateKeyJWT(client, key, tokensource.Algorithm("RS256")), `"RS256"`},
		{"key, no algorithm at all", tokensource.PrivateKeyJWT(client, key, tokensource.Algorithm("none")), `"none"`},
		{"key, of another kind", tokensource.PrivateKeyJWT(client, stranger{}), "stranger"},
		{"key file, no id", tokensource.PrivateKeyFile("", "f"), "client id"},
		{"key file, no path", tokensource.PrivateKeyFile(client, ""), "path"},
		{"assertion file, no id", tokensource.ClientAssertionFile("", "f"), "client id"},
		{"assertion file, no path", tokensource.ClientAssertionFile(client, ""), "path"},
		{"mutual TLS, no id", tokensource.MutualTLS("", "c", "k"), "client id"},
		{"mutual TLS, no certificate", tokensource.MutualTLS(client, "", "k"), "certificate"},
		{"mutual TLS, no key", tokensource.MutualTLS(client, "c", ""), "key"},
		{"grant, no function", tokensource.AssertionGrant(nil), "nil function"},
		{"grant, no path", tokensource.AssertionGrantFile(""), "path"},
	} {
		s, err := tokensource.New(issuer, row.auth)
		if s != nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q in it", row.name, err, row.want)
		}
	}
}

// stranger is a key of no kind that is known.
type stranger struct{ crypto.Signer }

func (stranger) Public() crypto.PublicKey { return "stranger" }

func TestClientAuthCannotBePrinted(t *testing.T) {
	ec, ed := testutil.NewKey("ES256"), testutil.NewKey("EdDSA")
	path := file(t, "from a file")
	for _, auth := range []tokensource.ClientAuth{
		tokensource.ClientCredentials(client, secret), tokensource.ClientSecretFile(client, path),
		tokensource.PrivateKeyJWT(client, ec.Private().(crypto.Signer)), tokensource.PrivateKeyJWT(client, ed.Private().(crypto.Signer)),
		tokensource.PrivateKeyFile(client, path),
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
			fmt.Fprintf(&out, verb+"\n", auth)
			fmt.Fprintf(&out, verb+"\n", struct{ auth tokensource.ClientAuth }{auth})
		}
		_ = json.NewEncoder(&out).Encode(auth)
		leaks := []string{secret, fmt.Sprintf("%x", secret), "from a file"}
		for _, key := range []any{ed.Private(), ec.Private()} {
			for _, verb := range []string{"%v", "%d", "%x"} {
				leaks = append(leaks, strings.Trim(fmt.Sprintf(verb, key), "&{[]}"))
			}
		}
		for _, leak := range leaks {
			if strings.Contains(out.String(), leak) {
				t.Errorf("%T shows %.20q…", auth, leak)
			}
		}
	}
}

// A secret in a file is read for each request, and never shown.
func TestClientSecretFile(t *testing.T) {
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

func TestFilesThatCannotBeRead(t *testing.T) {
	const inside = "what-is-inside"
	missing, large := filepath.Join(t.TempDir(), "missing"), file(t, inside+strings.Repeat("x", 64<<10))
	empty, text := file(t, ""), file(t, inside)
	for _, path := range []string{missing, large, empty, text, t.TempDir()} {
		for name, auth := range map[string]tokensource.ClientAuth{
			"secret":    tokensource.ClientSecretFile(client, path),
			"key":       tokensource.PrivateKeyFile(client, path),
			"assertion": tokensource.ClientAssertionFile(client, path),
			"grant":     tokensource.AssertionGrantFile(path),
		} {
			if name == "secret" && path == text {
				continue // that is what a secret looks like
			}
			w := &wire{}
			_, err := open(t, auth, w).Token(t.Context(), orders)
			if !errors.Is(err, tokensource.ErrUnavailable) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), inside) {
				t.Errorf("%s: got %v, want ErrUnavailable with %s, and not what is in it", name, err, path)
			}
			if w.count() != 0 {
				t.Errorf("%s, %s: a request was sent", name, path)
			}
		}
	}
}
