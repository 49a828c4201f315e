package interceptor_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/grpcaud/grpcaud/testutil"
)

// TestT9_T12_ForeignKeys has tokens bring their own key, or say where one is.
func TestT9_T12_ForeignKeys(t *testing.T) {
	cert := testutil.NewCA().Certificate("idp.example.com")
	foreign := testutil.KeyOf("ES256", cert.PrivateKey).As("1", "ES256")
	chain := []string{base64.StdEncoding.EncodeToString(cert.Leaf.Raw)}
	by := func(name string, value any) func(*arena) []string {
		return token(nil, testutil.SignedBy(foreign), testutil.Header(name, value))
	}
	kid := func(value any) func(*arena) []string { return token(nil, testutil.Header("kid", value)) }
	run(t, []attack{
		{"T9/jwk", nil, by("jwk", foreign.JWK()), tokenMalformed, 0},
		{"T9/jwk of the issuer's own", nil, token(nil, testutil.Header("jwk", ownKey.JWK())), tokenMalformed, 0},
		{"T10/jku", nil, by("jku", strangerURL+"/jwks"), tokenMalformed, 0},
		{"T10/x5u", nil, by("x5u", strangerURL+"/jwks"), tokenMalformed, 0},
		{"T11/x5c", nil, by("x5c", chain), signatureInvalid, 1},
		{"T11/x5c of no certificate", nil, by("x5c", []string{"AAAA"}), tokenMalformed, 0},
		{"T11/x5t", nil, by("x5t", base64url.EncodeToString(make([]byte, 20))), signatureInvalid, 1},
		{"T11/x5t#S256", nil, by("x5t#S256", base64url.EncodeToString(make([]byte, 32))), signatureInvalid, 1},
		{"T12/a path", nil, kid("../../../dev/null"), keyUnknown, 1},
		{"T12/SQL", nil, kid("' OR 1=1--"), keyUnknown, 1},
		{"T12/NUL", nil, kid("\x00"), keyUnknown, 1},
		{"T12/256 bytes", nil, kid(strings.Repeat("k", 256)), keyUnknown, 1},
		{"T12/257 bytes", nil, kid(strings.Repeat("k", 257)), tokenMalformed, 0},
		{"T12/1 MiB", nil, kid(strings.Repeat("k", 1<<20)), tokenTooLarge, 0},
		{"T12/number", nil, kid(1), tokenMalformed, 0},
		{"T12/object", nil, kid(map[string]any{"kid": "1"}), tokenMalformed, 0},
		{"T12/array", nil, kid([]string{"1"}), tokenMalformed, 0},
		{"T12/null", nil, token(nil, testutil.RawHeader([]byte(`{"alg":"ES256","typ":"at+jwt","kid":null}`))), tokenMalformed, 0},
	})
}

// TestT19_T21_Header bends the form of a good token, and its header.
func TestT19_T21_Header(t *testing.T) {
	header := func(name string, value any) func(*arena) []string { return token(nil, testutil.Header(name, value)) }
	raw := func(header string) func(*arena) []string { return token(nil, testutil.RawHeader([]byte(header))) }
	attacks := []attack{
		{"T19/unused bits of the signature", nil, bent(func(token string) string { return token[:len(token)-1] + next(token[len(token)-1:]) }), tokenMalformed, 0},
		{"T19/padding", nil, bent(func(token string) string { return token + "==" }), tokenMalformed, 0},
		{"T19/padding of the payload", nil, bent(func(token string) string { return strings.Replace(token, ".", "=.", 1) }), credentialsMalformed, 0},
		{"T19/the other alphabet", nil, otherAlphabet, tokenMalformed, 0},
		{"T21/alg none, then ours", nil, raw(`{"alg":"none","alg":"ES256","kid":"1","typ":"at+jwt"}`), tokenMalformed, 0},
		{"T21/alg ours, then none", nil, raw(`{"alg":"ES256","alg":"none","kid":"1","typ":"at+jwt"}`), tokenMalformed, 0},
		{"T21/kid twice", nil, raw(`{"alg":"ES256","kid":"1","kid":"1","typ":"at+jwt"}`), tokenMalformed, 0},
		{"T21/ALG", nil, raw(`{"ALG":"ES256","kid":"1","typ":"at+jwt"}`), tokenMalformed, 0},
		{"T21/alg none beside ALG", nil, raw(`{"alg":"none","ALG":"ES256","kid":"1","typ":"at+jwt"}`), algorithmNotAllowed, 0},
		{"T20/without what it names", nil, header("crit", []string{"b64"}), tokenMalformed, 0},
		{"T20/b64 false", nil, header("b64", false), tokenMalformed, 0},
		{"T20/b64 false and named", nil, raw(`{"alg":"ES256","kid":"1","typ":"at+jwt","crit":["b64"],"b64":false}`), tokenMalformed, 0},
		{"T20/b64 true and named", nil, raw(`{"alg":"ES256","kid":"1","typ":"at+jwt","crit":["b64"],"b64":true}`), tokenMalformed, 0},
		{"T20/unknown and there", nil, raw(`{"alg":"ES256","kid":"1","typ":"at+jwt","crit":["x"],"x":1}`), tokenMalformed, 0},
	}
	for name, crit := range map[string]any{
		"unknown": []string{"x"}, "empty": []string{}, "exp": []string{"exp"}, "no array": "exp", "alg": []string{"alg"}, "twice": []string{"exp", "exp"},
	} {
		attacks = append(attacks, attack{"T20/" + name, nil, header("crit", crit), tokenMalformed, 0})
	}
	run(t, attacks)
}

// next is the letter after one of base64url: the unused bits of the last one of
// a signature of 64 bytes are zero in the only spelling that counts.
func next(letter string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return letters[strings.Index(letters, letter)+1:][:1]
}

// otherAlphabet spells a good token that has one of the two letters in which
// the alphabets differ.
func otherAlphabet(a *arena) []string {
	for {
		if token := a.Mint(read(nil)); strings.ContainsAny(token, "-_") {
			return []string{"Bearer " + strings.NewReplacer("-", "+", "_", "/").Replace(token)}
		}
	}
}

// TestT22_T24_OtherForms sends what is no JWS in compact form.
func TestT22_T24_OtherForms(t *testing.T) {
	rs := testutil.NewKey("RS256").As("rs", "RS256")
	claims := encoded(read(testutil.Claims{"iss": corp, "exp": 1 << 40}))
	zeros := bytes.Repeat([]byte{'0'}, 4<<20)
	parts := func(header string) func(*arena) []string {
		return sent("Bearer " + base64url.EncodeToString([]byte(header)) + ".AAAA.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA")
	}
	json := func(form string) func(*arena) []string {
		return func(a *arena) []string {
			p := strings.Split(a.Mint(read(nil)), ".")
			return []string{"Bearer " + strings.NewReplacer("HEADER", p[0], "PAYLOAD", p[1], "SIGNATURE", p[2]).Replace(form)}
		}
	}
	const signature = `{"protected":"HEADER","signature":"SIGNATURE"}`
	run(t, []attack{
		{"T22/zip bomb", publishing(rs.JWK()), sent("Bearer " + encrypted(t, rs, zeros, jose.DEFLATE)), tokenMalformed, 0},
		{"T22/huge p2c", nil, parts(`{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647,"p2s":"AAAAAAAAAAA"}`), tokenMalformed, 0},
		{"T22/key wrap of nothing", nil, parts(`{"alg":"A128KW","enc":"A128GCM"}`), tokenMalformed, 0},
		{"T22/16 000 dots", nil, sent("Bearer " + strings.Repeat(".", 16_000)), tokenMalformed, 0},
		{"T22/100 000 dots", nil, sent("Bearer " + strings.Repeat(".", 100_000)), tokenTooLarge, 0},
		{"T23/encrypted for the issuer", publishing(rs.JWK()), sent("Bearer " + encrypted(t, rs, claims, jose.NONE)), tokenMalformed, 0},
		{"T24/flattened", nil, json(`{"payload":"PAYLOAD","protected":"HEADER","signature":"SIGNATURE"}`), credentialsMalformed, 0},
		{"T24/general", nil, json(`{"payload":"PAYLOAD","signatures":[` + signature + `]}`), credentialsMalformed, 0},
		{"T24/two signatures", nil, json(`{"payload":"PAYLOAD","signatures":[` + signature + `,` + signature + `]}`), credentialsMalformed, 0},
		{"T24/a space within", nil, json("HEADER. PAYLOAD.SIGNATURE"), credentialsMalformed, 0},
		{"T24/two parts", nil, json("HEADER.PAYLOAD"), tokenMalformed, 0},
		{"T24/four parts", nil, json("HEADER.PAYLOAD.SIGNATURE."), tokenMalformed, 0},
		{"T24/no payload", nil, json("HEADER..SIGNATURE"), tokenMalformed, 0},
		{"T24/opaque", nil, sent(fmt.Sprintf("Bearer %x", rand.Uint64())), tokenMalformed, 0},
	})
}

// encrypted is a JWE (RFC 7516) for the holder of key.
func encrypted(t *testing.T, key *testutil.Key, plaintext []byte, zip jose.CompressionAlgorithm) string {
	t.Helper()
	e, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.RSA_OAEP_256, Key: key.Public(), KeyID: key.ID()}, &jose.EncrypterOptions{Compression: zip})
	if err != nil {
		t.Fatal(err)
	}
	jwe, err := e.Encrypt(plaintext)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwe.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
