package testutil_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/grpcaud/grpcaud/testutil"
)

func parseJWK(t *testing.T, k *testutil.Key) jose.JSONWebKey {
	t.Helper()
	b, err := json.Marshal(k.JWK())
	if err != nil {
		t.Fatal(err)
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(b); err != nil {
		t.Fatalf("JWK %s: %v", b, err)
	}
	return jwk
}

// TestKeySignsAsGoJoseVerifies verifies each algorithm's tokens and keys with go-jose.
func TestKeySignsAsGoJoseVerifies(t *testing.T) {
	for _, alg := range []string{
		"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
	} {
		t.Run(alg, func(t *testing.T) {
			issuer := testutil.NewIssuer(issuerURL)
			key := issuer.Rotate(alg)
			token := issuer.Mint(testutil.Claims{"aud": "order-status"})

			jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
			if err != nil {
				t.Fatal(err)
			}
			jwk := parseJWK(t, key)
			if !jwk.IsPublic() {
				t.Errorf("JWK of %s holds a private key", alg)
			}
			if jwk.KeyID != key.ID() || jws.Signatures[0].Header.KeyID != key.ID() {
				t.Errorf("kid = %q in the set, %q in the token, want %q", jwk.KeyID, jws.Signatures[0].Header.KeyID, key.ID())
			}
			if _, err := jws.Verify(jwk); err != nil {
				t.Errorf("Verify: %v", err)
			}
			if _, err := jws.Verify(parseJWK(t, testutil.NewKey(alg))); err == nil {
				t.Error("a stranger's key verifies the token")
			}
		})
	}
}

// TestEd25519IsEdDSA covers the newer name of EdDSA, which go-jose does not read.
func TestEd25519IsEdDSA(t *testing.T) {
	key := testutil.NewKey("Ed25519")
	if got := key.JWK()["alg"]; got != "Ed25519" {
		t.Errorf("alg = %v, want Ed25519", got)
	}
	issuer := testutil.NewIssuer(issuerURL)
	token := issuer.Mint(testutil.Claims{}, testutil.SignedBy(key), testutil.Header("alg", "EdDSA"))
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jws.Verify(key.Public()); err != nil {
		t.Errorf("Verify: %v", err)
	}
}

func TestHMACKey(t *testing.T) {
	key := testutil.KeyOf("HS256", []byte("the issuer's public key, as text"))
	token := testutil.NewIssuer(issuerURL).Mint(testutil.Claims{}, testutil.SignedBy(key))
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jws.Verify(key.Private()); err != nil {
		t.Errorf("Verify: %v", err)
	}
	if got := parseJWK(t, key); string(got.Key.([]byte)) != "the issuer's public key, as text" {
		t.Errorf("JWK k = %q", got.Key)
	}
	if got := key.Public(); got != nil {
		t.Errorf("Public() = %v, want nil", got)
	}
}

func TestSaltIsAsLongAsTheHash(t *testing.T) {
	key := testutil.NewKey("PS256")
	digest := sha256.Sum256([]byte("input"))
	strict := &rsa.PSSOptions{SaltLength: sha256.Size}
	if err := rsa.VerifyPSS(key.Public().(*rsa.PublicKey), crypto.SHA256, digest[:], key.Sign([]byte("input")), strict); err != nil {
		t.Errorf("with a salt of 32 bytes: %v", err)
	}
}

func TestKeyOfSignsWithUnsuitableKeys(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []*testutil.Key{testutil.KeyOf("RS256", short), testutil.KeyOf("ES256", wide)} {
		if token := testutil.NewIssuer(issuerURL).Mint(nil, testutil.SignedBy(key)); strings.HasSuffix(token, ".") {
			t.Errorf("token %q is not signed", token)
		}
	}
}

func TestKeyAsKeepsThePrivateKey(t *testing.T) {
	key := testutil.NewKey("RS256")
	twin := key.As("1", "PS256")
	if twin.ID() != "1" || twin.JWK()["alg"] != "PS256" || twin.JWK()["kid"] != "1" {
		t.Errorf("As(1, PS256) has id %q and JWK %v", twin.ID(), twin.JWK())
	}
	if twin.JWK()["n"] != key.JWK()["n"] {
		t.Error("the twin has another key")
	}
}

func TestKeyPanicsOnUnknownAlgorithms(t *testing.T) {
	for name, mistake := range map[string]func(){
		"unknown algorithm":   func() { testutil.NewKey("HS256") },
		"unknown private key": func() { testutil.KeyOf("RS256", "secret").Sign(nil) },
	} {
		t.Run(name, func(t *testing.T) { mustPanic(t, mistake) })
	}
}

func mustPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if got, _ := recover().(string); !strings.HasPrefix(got, "testutil: ") {
			t.Errorf("panic = %q, want one that begins with testutil", got)
		}
	}()
	f()
}
