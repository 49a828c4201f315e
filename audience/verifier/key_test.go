package verifier_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// number returns an odd number of this many bits, as in a JWK.
func number(bits int) string {
	n := bytes.Repeat([]byte{0xff}, (bits+7)/8)
	n[0] >>= (8 - bits%8) % 8
	return base64.RawURLEncoding.EncodeToString(n)
}

// TestBadKeySpoilsNoOther shows that a bad key is skipped, that the stats say so, and
// that the good key beside it is used.
func TestBadKeySpoilsNoOther(t *testing.T) {
	ec, rsa := testutil.NewKey("ES256"), testutil.NewKey("RS256")
	coordinate := ec.JWK()["x"]
	for name, row := range map[string]struct {
		bad any
		why string
	}{
		"for encryption":              {changed(ec, map[string]any{"use": "enc"}), "use"},
		"use of another type":         {changed(ec, map[string]any{"use": 1}), "use"},
		"for encrypting":              {changed(ec, map[string]any{"key_ops": []string{"encrypt"}}), "key_ops"},
		"key_ops is a string":         {changed(ec, map[string]any{"key_ops": "verify"}), "key_ops"},
		"for nothing":                 {changed(ec, map[string]any{"key_ops": []string{}}), "key_ops"},
		"for signing":                 {changed(ec, map[string]any{"key_ops": []string{"sign"}}), "key_ops"},
		"RSA of 1024 bits":            {changed(rsa, map[string]any{"n": number(1024)}), "1024 bits"},
		"RSA of 2047 bits":            {changed(rsa, map[string]any{"n": number(2047)}), "2047 bits"},
		"RSA of 16384 bits":           {changed(rsa, map[string]any{"n": number(16384)}), "malformed"},
		"RSA of 9000 bits":            {changed(rsa, map[string]any{"n": number(9000)}), "malformed"},
		"exponent 1":                  {changed(rsa, map[string]any{"e": "AQ"}), "malformed"},
		"exponent 2":                  {changed(rsa, map[string]any{"e": "Ag"}), "exponent 2"},
		"exponent 4":                  {changed(rsa, map[string]any{"e": "BA"}), "exponent 4"},
		"point off the curve":         {changed(ec, map[string]any{"y": coordinate}), "malformed"},
		"no y":                        {changed(ec, map[string]any{"y": nil}), "malformed"},
		"point zero":                  {changed(ec, map[string]any{"x": number(8), "y": number(8)}), "malformed"},
		"P-384 for ES256":             {changed(testutil.NewKey("ES384"), map[string]any{"alg": "ES256"}), "alg"},
		"symmetric":                   {map[string]any{"kty": "oct", "k": "AAAA", "kid": ec.ID()}, "secret"},
		"a number":                    {1, "object"},
		"nothing":                     {nil, "object"},
		"no members":                  {map[string]any{}, "malformed"},
		"no kty":                      {changed(ec, map[string]any{"kty": nil}), "malformed"},
		"unknown kty":                 {map[string]any{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"}, "malformed"},
		"Ed448":                       {map[string]any{"kty": "OKP", "crv": "Ed448", "x": "AA"}, "malformed"},
		"short Ed25519":               {map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "AA"}, "malformed"},
		"kid of a page":               {changed(ec, map[string]any{"kid": strings.Repeat("k", 257)}), "kid"},
		"d alone":                     {changed(rsa, map[string]any{"d": "AAAA"}), "secret"},
		"p alone":                     {changed(rsa, map[string]any{"p": "AAAA"}), "secret"},
		"alg is symmetric":            {changed(rsa, map[string]any{"alg": "HS256"}), "alg"},
		"alg is of another kind":      {changed(rsa, map[string]any{"alg": "ES256"}), "alg"},
		"alg is for encryption":       {changed(rsa, map[string]any{"alg": "RSA-OAEP"}), "alg"},
		"alg is none":                 {changed(ec, map[string]any{"alg": "none"}), "alg"},
		"alg is of Ed25519":           {changed(rsa, map[string]any{"alg": "EdDSA"}), "alg"},
		"curve is of another size":    {changed(ec, map[string]any{"crv": "P-224"}), "malformed"},
		"alg is not a string":         {changed(rsa, map[string]any{"alg": 1}), "malformed"},
		"a member stands there twice": {twice{`{"kty":"EC","kty":"EC"}`}, "duplicate"},
	} {
		t.Run(name, func(t *testing.T) {
			issuer := newIssuer()
			good := testutil.NewKey("ES256")
			issuer.SetJWKS(jwks(t, row.bad, good.JWK()))
			v := newVerifier(t, issuer, verifier.Cooldown(time.Millisecond))
			_, err := v.Verify(t.Context(), mint(issuer, testutil.SignedBy(good)))
			want(t, "good key", err, "")
			_, err = v.Verify(t.Context(), mint(issuer, testutil.SignedBy(ec)))
			want(t, "bad key", err, audience.CauseKeyUnknown)
			if skipped := v.Stats()[0].Skipped; len(skipped) != 1 || !strings.Contains(skipped[0], row.why) {
				t.Errorf("skipped = %q, want one that says %q", skipped, row.why)
			}
		})
	}
}

// twice is JSON that encoding/json does not write.
type twice struct{ text string }

// MarshalJSON implements [json.Marshaler].
func (w twice) MarshalJSON() ([]byte, error) { return []byte(w.text), nil }

// TestKeyVerifiesOnlyItsAlgorithms shows that a key verifies what it is for, and
// nothing else.
func TestKeyVerifiesOnlyItsAlgorithms(t *testing.T) {
	rsa, other := testutil.NewKey("RS256"), testutil.NewKey("RS256")
	ec, ed := testutil.NewKey("ES256"), testutil.NewKey("EdDSA")
	for name, row := range map[string]struct {
		keys   []any
		signer *testutil.Key
		cause  audience.Cause
	}{
		"RS256 under a key for PS256":          {[]any{changed(rsa, map[string]any{"alg": "PS256"})}, rsa, audience.CauseSignatureInvalid},
		"PS256 under a key without alg":        {[]any{changed(rsa, map[string]any{"alg": nil})}, rsa.As(rsa.ID(), "PS256"), ""},
		"kid shared by oct and RSA":            {[]any{map[string]any{"kty": "oct", "k": "AAAA", "kid": rsa.ID()}, rsa.JWK()}, rsa, ""},
		"second of two under a kid":            {[]any{changed(other, map[string]any{"kid": "1"}), changed(rsa, map[string]any{"kid": "1"})}, rsa.As("1", "RS256"), ""},
		"EC and RSA under a kid":               {[]any{changed(ec, map[string]any{"kid": "1"}), changed(rsa, map[string]any{"kid": "1"})}, rsa.As("1", "RS256"), ""},
		"neither of two under a kid":           {[]any{changed(ec, map[string]any{"kid": "1"}), changed(other, map[string]any{"kid": "1"})}, rsa.As("1", "RS256"), audience.CauseSignatureInvalid},
		"EdDSA under the name of its curve":    {[]any{ed.JWK()}, ed.As(ed.ID(), "Ed25519"), ""},
		"key_ops verify, no use":               {[]any{changed(rsa, map[string]any{"use": nil, "key_ops": []string{"verify"}})}, rsa, ""},
		"key_ops sign and verify":              {[]any{changed(ec, map[string]any{"key_ops": []string{"sign", "verify"}})}, ec, ""},
		"neither use nor alg":                  {[]any{changed(ec, map[string]any{"use": nil, "alg": nil})}, ec, ""},
		"longest kid":                          {[]any{changed(ec, map[string]any{"kid": strings.Repeat("k", 256)})}, ec.As(strings.Repeat("k", 256), "ES256"), ""},
		"kid of the key and none in the token": {[]any{rsa.JWK(), ec.JWK()}, rsa.As("", "RS256"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			issuer := newIssuer()
			issuer.SetJWKS(jwks(t, row.keys...))
			opts := []testutil.MintOption{testutil.SignedBy(row.signer)}
			if row.signer.ID() == "" {
				opts = append(opts, testutil.Header("kid", nil))
			}
			_, err := newVerifier(t, issuer).Verify(t.Context(), mint(issuer, opts...))
			want(t, "token", err, row.cause)
		})
	}
}

// TestWithoutKeyID shows that a token without kid is matched to the one key
// that it can mean, or to none.
func TestWithoutKeyID(t *testing.T) {
	issuer := newIssuer()
	issuer.Rotate("EdDSA")
	v := newVerifier(t, issuer)
	_, err := v.Verify(t.Context(), mint(issuer, testutil.Header("kid", nil)))
	want(t, "one key of the algorithm", err, "")
	issuer.Rotate("EdDSA")
	v = newVerifier(t, issuer)
	_, err = v.Verify(t.Context(), mint(issuer, testutil.Header("kid", nil)))
	want(t, "two keys of the algorithm", err, audience.CauseSignatureInvalid)
}

// TestIssuersListOfAlgorithmsNarrows shows that an issuer's own list of algorithms
// narrows what its keys could verify (RFC 8725, section 3.1).
func TestIssuersListOfAlgorithmsNarrows(t *testing.T) {
	issuer := newIssuer()
	issuer.Rotate("RS256")
	issuer.Rotate("ES256")
	v := verifierOf(t, []access.Issuer{{URL: corp, Algorithms: []string{"RS256"}}}, verifier.Transport(issuer.Transport()))
	_, err := v.Verify(t.Context(), mint(issuer))
	want(t, "ES256", err, audience.CauseAlgorithmNotAllowed)
	issuer.Rotate("RS256")
	_, err = v.Verify(t.Context(), mint(issuer))
	want(t, "RS256", err, "")
	if n := issuer.Requests(testutil.JWKS); n != 1 {
		t.Errorf("%d fetches, want none for the algorithm that is not allowed", n)
	}
}

func FuzzKeys(f *testing.F) {
	for _, alg := range []string{"RS256", "ES256", "ES384", "EdDSA"} {
		f.Add(jwks(f, testutil.NewKey(alg).JWK()))
	}
	f.Add([]byte(`{"keys":null}`))
	f.Add([]byte(`{"keys":[1,{},{"kty":"RSA","n":"AQ","e":"AQ"},{"kty":"oct","k":"AA"}]}`))
	f.Add([]byte(`{"Keys":[],"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}],"keys":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := verifier.CheckKeys(data)
		if keys > 0 && err != nil {
			t.Errorf("a set of %d keys has one of no use: %v", keys, err)
		}
		if keys > 100 {
			t.Errorf("%d keys", keys)
		}
	})
}

// TestKeyIDs shows which keys a kid may mean: those of that name, all of them,
// and none without a name.
func TestKeyIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		one, two, third, nameless := testutil.NewKey("ES256"), testutil.NewKey("ES256"), testutil.NewKey("ES256"), testutil.NewKey("ES256")
		issuer.SetJWKS(jwks(t, changed(one, map[string]any{"kid": "shared"}), changed(two, map[string]any{"kid": "shared"}),
			third.JWK(), changed(nameless, map[string]any{"kid": nil})))
		v := newVerifier(t, issuer)
		for _, row := range []struct {
			name  string
			key   *testutil.Key
			kid   string
			cause audience.Cause
		}{
			{"the first of a name", one, "shared", ""},
			{"the second of a name", two, "shared", ""},
			{"one of another name", third, "shared", audience.CauseSignatureInvalid},
			{"a key without a name", nameless, third.ID(), audience.CauseSignatureInvalid},
		} {
			_, err := v.Verify(t.Context(), mint(issuer, testutil.SignedBy(row.key), testutil.Header("kid", row.kid)))
			want(t, row.name, err, row.cause)
		}
	})
}
