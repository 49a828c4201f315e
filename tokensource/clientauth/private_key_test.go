package clientauth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/clientauth"
)

// The RSA keys of all tests: they are slow to make.
var (
	strong = sync.OnceValue(func() *testutil.Key { return testutil.NewKey("RS256") })
	weak   = sync.OnceValue(func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			panic(err)
		}
		return key
	})
)

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

// TestPrivateKeyJWT shows that the assertions are those of RFC 7523bis: the issuer of
// testutil accepts no other.
func TestPrivateKeyJWT(t *testing.T) {
	algorithm := func(alg string) []clientauth.KeyOption { return []clientauth.KeyOption{clientauth.Algorithm(alg)} }
	for _, row := range []struct {
		key  *testutil.Key
		opts []clientauth.KeyOption
		want string
	}{
		{strong(), nil, "RS256"},
		{strong().As("", "PS384"), algorithm("PS384"), "PS384"},
		{testutil.NewKey("ES256"), nil, "ES256"},
		{testutil.NewKey("ES384"), nil, "ES384"},
		{testutil.NewKey("ES512"), algorithm("ES512"), "ES512"},
		{testutil.NewKey("EdDSA"), nil, "EdDSA"},
	} {
		synctest.Test(t, func(t *testing.T) {
			idp := testutil.NewIssuer(issuer)
			idp.Register(testutil.Client{ID: client, Keys: []*testutil.Key{row.key}, Audiences: []string{"order-status", "human-resource"}})
			w := through(idp)
			s := open(t, clientauth.PrivateKeyJWT(client, row.key.Private().(crypto.Signer), append(row.opts, clientauth.KeyID("k1"))...), w)
			if _, err := s.Token(t.Context(), orders); err != nil {
				t.Fatalf("%s: %v", row.want, err)
			}
			r, form := w.last()
			if form.Get("client_id") != client || form.Has("client_secret") || r.Header.Get("Authorization") != "" {
				t.Errorf("%s: got form %v, want the client id and no secret", row.want, form)
			}
			if diff := cmp.Diff(map[string]any{"alg": row.want, "typ": "client-authentication+jwt", "kid": "k1"}, part(t, form.Get("client_assertion"), 0)); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			claims, now := part(t, form.Get("client_assertion"), 1), float64(time.Now().Unix())
			delete(claims, "jti")
			if diff := cmp.Diff(map[string]any{"iss": client, "sub": client, "aud": issuer, "iat": now, "exp": now + 60}, claims); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
			if _, err := s.Token(t.Context(), tokensource.Request{Audience: "human-resource"}); err != nil {
				t.Errorf("%s: the second request: %v", row.want, err)
			}
		})
	}
}

func TestAssertionWithoutKeyIDHasNoKid(t *testing.T) {
	w := &wire{}
	if _, err := open(t, clientauth.PrivateKeyJWT(client, testutil.NewKey("EdDSA").Private().(crypto.Signer)), w).Token(t.Context(), orders); err != nil {
		t.Fatal(err)
	}
	_, form := w.last()
	if diff := cmp.Diff(map[string]any{"alg": "EdDSA", "typ": "client-authentication+jwt"}, part(t, form.Get("client_assertion"), 0)); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

func TestEachRequestHasANewAssertion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := map[string]bool{}
		w := &wire{busy: true}
		s := open(t, clientauth.PrivateKeyJWT(client, testutil.NewKey("EdDSA").Private().(crypto.Signer)), w)
		for range 5 {
			if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrUnavailable) {
				t.Fatal(err)
			}
			_, form := w.last()
			seen[form.Get("client_assertion")] = true
			time.Sleep(2 * time.Minute)
		}
		if len(seen) != 5 {
			t.Errorf("got %d assertions in 5 requests", len(seen))
		}
	})
}

func TestAssertionsHaveUniqueIDs(t *testing.T) {
	const n = 100_000
	seen := make(map[string]bool, n)
	for range n {
		payload, err := clientauth.AssertionClaims(client, issuer)
		if err != nil {
			t.Fatal(err)
		}
		_, jti, _ := strings.Cut(string(payload), `"jti":"`)
		jti, _, _ = strings.Cut(jti, `"`)
		if seen[jti] || len(jti) < 26 { // of 5 bits each
			t.Fatalf("jti %q was there before, or is short", jti)
		}
		seen[jti] = true
	}
}

// failingSigner is a key in a KMS that fails.
type failingSigner struct{ ed25519.PublicKey }

func (b failingSigner) Public() crypto.PublicKey { return b.PublicKey }
func (failingSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("out of order")
}

func TestFailureOfTheSignerIsUnavailable(t *testing.T) {
	w := &wire{}
	auth := clientauth.PrivateKeyJWT(client, failingSigner{make(ed25519.PublicKey, ed25519.PublicKeySize)})
	_, err := open(t, auth, w).Token(t.Context(), orders)
	if !errors.Is(err, tokensource.ErrUnavailable) || !strings.Contains(err.Error(), "out of order") || w.count() != 0 {
		t.Errorf("got %v after %d requests, want ErrUnavailable and the cause, none", err, w.count())
	}
}

// encoded returns a key as PEM of this type.
func encoded(t *testing.T, kind string, der []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// private returns a private key as a JWK with more members.
func private(key *testutil.Key, more map[string]any) string {
	jwk := key.JWK()
	switch private := key.Private().(type) {
	case *ecdsa.PrivateKey:
		d, _ := private.Bytes()
		jwk["d"] = base64.RawURLEncoding.EncodeToString(d)
	case ed25519.PrivateKey:
		jwk["d"] = base64.RawURLEncoding.EncodeToString(private.Seed())
	}
	for name, value := range more {
		jwk[name] = value
	}
	text, _ := json.Marshal(jwk)
	return string(text)
}

func TestFormatsOfPrivateKeyFiles(t *testing.T) {
	ec, ed := testutil.NewKey("ES256"), testutil.NewKey("EdDSA")
	pkcs8 := func(key any) string {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		return encoded(t, "PRIVATE KEY", der, err)
	}
	sec1, err := x509.MarshalECPrivateKey(ec.Private().(*ecdsa.PrivateKey))
	curve := encoded(t, "EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}, nil)
	idp := testutil.NewIssuer(issuer)
	idp.Register(testutil.Client{ID: client, Keys: []*testutil.Key{strong(), strong().As("", "PS256"), ec, ed}, Audiences: []string{"order-status"}})
	for _, row := range []struct {
		name, text string
		opts       []clientauth.KeyOption
		alg, kid   any
	}{
		{"PKCS #8, RSA", pkcs8(strong().Private()), nil, "RS256", nil},
		{"PKCS #8, EC", pkcs8(ec.Private()), nil, "ES256", nil},
		{"PKCS #8, Ed25519", pkcs8(ed.Private()), []clientauth.KeyOption{clientauth.KeyID("k")}, "EdDSA", "k"},
		{"PKCS #1", encoded(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(strong().Private().(*rsa.PrivateKey)), nil), []clientauth.KeyOption{clientauth.Algorithm("PS256")}, "PS256", nil},
		{"SEC 1 after its curve", curve + encoded(t, "EC PRIVATE KEY", sec1, err), nil, "ES256", nil},
		{"JWK, EC", private(ec, nil), nil, "ES256", ec.ID()},
		{"JWK, Ed25519, another kid", private(ed, nil), []clientauth.KeyOption{clientauth.KeyID("k")}, "EdDSA", "k"},
		{"JWK, another algorithm", private(ec, map[string]any{"alg": "RS256"}), []clientauth.KeyOption{clientauth.Algorithm("ES256")}, "ES256", ec.ID()},
	} {
		w := through(idp)
		if _, err := open(t, clientauth.PrivateKeyFile(client, file(t, row.text), row.opts...), w).Token(t.Context(), orders); err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		_, form := w.last()
		if header := part(t, form.Get("client_assertion"), 0); header["alg"] != row.alg || header["kid"] != row.kid {
			t.Errorf("%s: got header %v, want alg %v, kid %v", row.name, header, row.alg, row.kid)
		}
	}
}

// TestUnusableKeyFilesAreRefused shows that no request is sent with such a key, and
// that the file is read again.
func TestUnusableKeyFilesAreRefused(t *testing.T) {
	der, err := x509.MarshalPKCS8PrivateKey(weak())
	ec := testutil.NewKey("ES256")
	public, _ := json.Marshal(ec.JWK())
	for _, row := range []struct {
		name, text string
		want       error
	}{
		{"weak", encoded(t, "PRIVATE KEY", der, err), tokensource.ErrRefused},
		{"algorithm of another key", private(ec, map[string]any{"alg": "RS256"}), tokensource.ErrRefused},
		{"public", string(public), tokensource.ErrUnavailable},
		{"secret", `{"kty":"oct","k":"c2VjcmV0"}`, tokensource.ErrUnavailable},
		{"encrypted", encoded(t, "ENCRYPTED PRIVATE KEY", der, err), tokensource.ErrUnavailable},
		{"half", encoded(t, "PRIVATE KEY", der, err)[:200], tokensource.ErrUnavailable},
		{"cut", encoded(t, "PRIVATE KEY", der[:40], nil), tokensource.ErrUnavailable},
	} {
		path := file(t, row.text)
		w := &wire{}
		s := open(t, clientauth.PrivateKeyFile(client, path), w)
		_, err := s.Token(t.Context(), orders)
		if !errors.Is(err, row.want) || !strings.Contains(err.Error(), path) || w.count() != 0 {
			t.Errorf("%s: got %v after %d requests, want %v with the path, none", row.name, err, w.count(), row.want)
		}
		write(t, path, private(ec, nil))
		if _, err := s.Token(t.Context(), tokensource.Request{Audience: "other"}); err != nil {
			t.Errorf("%s, mended: %v", row.name, err)
		}
	}
}

func TestAssertionFile(t *testing.T) {
	cluster := testutil.NewIssuer("https://kubernetes.example.com")
	path := file(t, cluster.Mint(testutil.Claims{"sub": "system:serviceaccount:shop:portal", "aud": issuer})+"\n")
	w := &wire{}
	s := open(t, clientauth.AssertionFile(client, path), w)
	if _, err := s.Token(t.Context(), orders); err != nil {
		t.Fatal(err)
	}
	_, form := w.last()
	want := fmt.Sprint(client, " urn:ietf:params:oauth:client-assertion-type:jwt-bearer client_credentials")
	if got := fmt.Sprint(form.Get("client_id"), " ", form.Get("client_assertion_type"), " ", form.Get("grant_type")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	write(t, path, cluster.Mint(testutil.Claims{"sub": "x", "aud": issuer, "exp": time.Now().Unix()}))
	_, err := s.Token(t.Context(), tokensource.Request{Audience: "other"})
	if !errors.Is(err, tokensource.ErrUnavailable) || !strings.Contains(err.Error(), "expired") || w.count() != 1 {
		t.Errorf("expired: got %v after %d requests, want ErrUnavailable, and one", err, w.count())
	}
}
