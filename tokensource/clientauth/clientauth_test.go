package clientauth_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/clientauth"
)

func TestInvalidConfigurationIsRefusedByNew(t *testing.T) {
	key := testutil.NewKey("ES256").Private().(crypto.Signer)
	for _, row := range []struct {
		name string
		auth tokensource.ClientAuth
		want string
	}{
		{"key, no id", clientauth.PrivateKeyJWT("", key), "client id"},
		{"key, none", clientauth.PrivateKeyJWT(client, nil), "nil private key"},
		{"key, weak", clientauth.PrivateKeyJWT(client, weak()), "1024 bits"},
		{"key, other algorithm", clientauth.PrivateKeyJWT(client, key, clientauth.Algorithm("RS256")), `"RS256"`},
		{"key, no algorithm at all", clientauth.PrivateKeyJWT(client, key, clientauth.Algorithm("none")), `"none"`},
		{"key, of another kind", clientauth.PrivateKeyJWT(client, unknownKey{}), "unknownKey"},
		{"key file, no id", clientauth.PrivateKeyFile("", "f"), "client id"},
		{"key file, no path", clientauth.PrivateKeyFile(client, ""), "path"},
		{"assertion file, no id", clientauth.AssertionFile("", "f"), "client id"},
		{"assertion file, no path", clientauth.AssertionFile(client, ""), "path"},
		{"mutual TLS, no id", clientauth.MutualTLS("", "c", "k"), "client id"},
		{"mutual TLS, no certificate", clientauth.MutualTLS(client, "", "k"), "certificate"},
		{"mutual TLS, no key", clientauth.MutualTLS(client, "c", ""), "key"},
		{"grant, no function", clientauth.AssertionGrant(nil), "nil function"},
		{"grant, no path", clientauth.AssertionGrantFile(""), "path"},
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

// unknownKey is a key of an unknown kind.
type unknownKey struct{ crypto.Signer }

func (unknownKey) Public() crypto.PublicKey { return "unknown" }

func TestKeysCannotBePrinted(t *testing.T) {
	ec, ed := testutil.NewKey("ES256"), testutil.NewKey("EdDSA")
	path := file(t, "from a file")
	for _, auth := range []tokensource.ClientAuth{
		clientauth.PrivateKeyJWT(client, ec.Private().(crypto.Signer)), clientauth.PrivateKeyJWT(client, ed.Private().(crypto.Signer)),
		clientauth.PrivateKeyFile(client, path),
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
			fmt.Fprintf(&out, verb+"\n", auth)
			fmt.Fprintf(&out, verb+"\n", struct{ auth tokensource.ClientAuth }{auth})
		}
		_ = json.NewEncoder(&out).Encode(auth)
		leaks := []string{"from a file"}
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

func TestUnreadableFilesAreUnavailable(t *testing.T) {
	const inside = "what-is-inside"
	missing, large := filepath.Join(t.TempDir(), "missing"), file(t, inside+strings.Repeat("x", 64<<10))
	empty, text := file(t, ""), file(t, inside)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for _, path := range append(waiting(t, ctx), missing, large, empty, text, t.TempDir()) {
		for name, auth := range map[string]tokensource.ClientAuth{
			"key":       clientauth.PrivateKeyFile(client, path),
			"assertion": clientauth.AssertionFile(client, path),
			"grant":     clientauth.AssertionGrantFile(path),
		} {
			w := &wire{}
			_, err := open(t, auth, w).Token(ctx, orders)
			if !errors.Is(err, tokensource.ErrUnavailable) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), inside) {
				t.Errorf("%s: got %v, want ErrUnavailable with %s, and not what is in it", name, err, path)
			}
			if w.count() != 0 {
				t.Errorf("%s, %s: a request was sent", name, path)
			}
		}
		mutual := open(t, clientauth.MutualTLS(client, path, path), &http.Transport{DialContext: noNetwork})
		if _, err := mutual.Token(ctx, orders); !errors.Is(err, tokensource.ErrUnavailable) || !strings.Contains(err.Error(), path) {
			t.Errorf("a certificate in %s: got %v, want ErrUnavailable", path, err)
		}
	}
}

func noNetwork(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("no network here")
}
