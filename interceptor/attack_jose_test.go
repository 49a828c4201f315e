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

// TestKeysThatTokensNameAreNotUsed shows that a key in a token, or at an address in a
// token, is not used.
func TestKeysThatTokensNameAreNotUsed(t *testing.T) {
	cert := testutil.NewCA().Certificate("idp.example.com")
	foreign := testutil.KeyOf("ES256", cert.PrivateKey).As("1", "ES256")
	chain := []string{base64.StdEncoding.EncodeToString(cert.Leaf.Raw)}
	by := func(name string, value any) func(*testbed) []string {
		return token(nil, testutil.SignedBy(foreign), testutil.Header(name, value))
	}
	kid := func(value any) func(*testbed) []string { return token(nil, testutil.Header("kid", value)) }
	run(t, []attack{
		{"key in the header/jwk", nil, by("jwk", foreign.JWK()), tokenMalformed, 0},
		{"key in the header/jwk of the issuer's own", nil, token(nil, testutil.Header("jwk", ownKey.JWK())), tokenMalformed, 0},
		{"address of keys in the header/jku", nil, by("jku", strangerURL+"/jwks"), tokenMalformed, 0},
		{"address of keys in the header/x5u", nil, by("x5u", strangerURL+"/jwks"), tokenMalformed, 0},
		{"certificate in the header/x5c", nil, by("x5c", chain), signatureInvalid, 1},
		{"certificate in the header/x5c of no certificate", nil, by("x5c", []string{"AAAA"}), tokenMalformed, 0},
		{"certificate in the header/x5t", nil, by("x5t", base64url.EncodeToString(make([]byte, 20))), signatureInvalid, 1},
		{"certificate in the header/x5t#S256", nil, by("x5t#S256", base64url.EncodeToString(make([]byte, 32))), signatureInvalid, 1},
		{"kid/a path", nil, kid("../../../dev/null"), keyUnknown, 1},
		{"kid/SQL", nil, kid("' OR 1=1--"), keyUnknown, 1},
		{"kid/NUL", nil, kid("\x00"), keyUnknown, 1},
		{"kid/256 bytes", nil, kid(strings.Repeat("k", 256)), keyUnknown, 1},
		{"kid/257 bytes", nil, kid(strings.Repeat("k", 257)), tokenMalformed, 0},
		{"kid/1 MiB", nil, kid(strings.Repeat("k", 1<<20)), tokenTooLarge, 0},
		{"kid/number", nil, kid(1), tokenMalformed, 0},
		{"kid/object", nil, kid(map[string]any{"kid": "1"}), tokenMalformed, 0},
		{"kid/array", nil, kid([]string{"1"}), tokenMalformed, 0},
		{"kid/null", nil, token(nil, testutil.RawHeader([]byte(`{"alg":"ES256","typ":"at+jwt","kid":null}`))), tokenMalformed, 0},
	})
}

// TestHeaderIsReadStrictly shows that a good token is refused after changes of its
// form or its header.
func TestHeaderIsReadStrictly(t *testing.T) {
	header := func(name string, value any) func(*testbed) []string { return token(nil, testutil.Header(name, value)) }
	raw := func(header string) func(*testbed) []string { return token(nil, testutil.RawHeader([]byte(header))) }
	attacks := []attack{
		{"base64url/unused bits of the signature", nil, bent(func(token string) string { return token[:len(token)-1] + next(token[len(token)-1:]) }), tokenMalformed, 0},
		{"base64url/padding", nil, bent(func(token string) string { return token + "==" }), tokenMalformed, 0},
		{"base64url/padding of the payload", nil, bent(func(token string) string { return strings.Replace(token, ".", "=.", 1) }), credentialsMalformed, 0},
		{"base64url/the other alphabet", nil, otherAlphabet, tokenMalformed, 0},
		{"header member twice/alg none, then ours", nil, raw(`{"alg":"none","alg":"ES256","kid":"1","typ":"at+jwt"}`), tokenMalformed, 0},
		{"header member twice/alg ours, then none", nil, raw(`{"alg":"ES256","alg":"none","kid":"1","typ":"at+jwt"}`), tokenMalformed, 0},
		{"header member twice/kid twice", nil, raw(`{"alg":"ES256","kid":"1","kid":"1","typ":"at+jwt"}`), tokenMalformed, 0},
		{"header member twice/ALG", nil, raw(`{"ALG":"ES256","kid":"1","typ":"at+jwt"}`), tokenMalformed, 0},
		{"header member twice/alg none beside ALG", nil, raw(`{"alg":"none","ALG":"ES256","kid":"1","typ":"at+jwt"}`), algorithmNotAllowed, 0},
		{"crit/without what it names", nil, header("crit", []string{"b64"}), tokenMalformed, 0},
		{"crit/b64 false", nil, header("b64", false), tokenMalformed, 0},
		{"crit/b64 false and named", nil, raw(`{"alg":"ES256","kid":"1","typ":"at+jwt","crit":["b64"],"b64":false}`), tokenMalformed, 0},
		{"crit/b64 true and named", nil, raw(`{"alg":"ES256","kid":"1","typ":"at+jwt","crit":["b64"],"b64":true}`), tokenMalformed, 0},
		{"crit/unknown and there", nil, raw(`{"alg":"ES256","kid":"1","typ":"at+jwt","crit":["x"],"x":1}`), tokenMalformed, 0},
	}
	for name, crit := range map[string]any{
		"unknown": []string{"x"}, "empty": []string{}, "exp": []string{"exp"}, "no array": "exp", "alg": []string{"alg"}, "twice": []string{"exp", "exp"},
	} {
		attacks = append(attacks, attack{"crit/" + name, nil, header("crit", crit), tokenMalformed, 0})
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
func otherAlphabet(a *testbed) []string {
	for {
		if token := a.Mint(read(nil)); strings.ContainsAny(token, "-_") {
			return []string{"Bearer " + strings.NewReplacer("-", "+", "_", "/").Replace(token)}
		}
	}
}

// TestOtherFormsOfTokensAreRefused shows that a token is refused that is not a JWS in
// compact form.
func TestOtherFormsOfTokensAreRefused(t *testing.T) {
	rs := testutil.NewKey("RS256").As("rs", "RS256")
	claims := encoded(read(testutil.Claims{"iss": corp, "exp": 1 << 40}))
	zeros := bytes.Repeat([]byte{'0'}, 4<<20)
	parts := func(header string) func(*testbed) []string {
		return sent("Bearer " + base64url.EncodeToString([]byte(header)) + ".AAAA.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA")
	}
	json := func(form string) func(*testbed) []string {
		return func(a *testbed) []string {
			p := strings.Split(a.Mint(read(nil)), ".")
			return []string{"Bearer " + strings.NewReplacer("HEADER", p[0], "PAYLOAD", p[1], "SIGNATURE", p[2]).Replace(form)}
		}
	}
	const signature = `{"protected":"HEADER","signature":"SIGNATURE"}`
	run(t, []attack{
		{"costly/zip bomb", publishing(rs.JWK()), sent("Bearer " + encrypted(t, rs, zeros, jose.DEFLATE)), tokenMalformed, 0},
		{"costly/huge p2c", nil, parts(`{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647,"p2s":"AAAAAAAAAAA"}`), tokenMalformed, 0},
		{"costly/key wrap of nothing", nil, parts(`{"alg":"A128KW","enc":"A128GCM"}`), tokenMalformed, 0},
		{"costly/16 000 dots", nil, sent("Bearer " + strings.Repeat(".", 16_000)), tokenMalformed, 0},
		{"costly/100 000 dots", nil, sent("Bearer " + strings.Repeat(".", 100_000)), tokenTooLarge, 0},
		{"encrypted/encrypted for the issuer", publishing(rs.JWK()), sent("Bearer " + encrypted(t, rs, claims, jose.NONE)), tokenMalformed, 0},
		{"JSON serialization/flattened", nil, json(`{"payload":"PAYLOAD","protected":"HEADER","signature":"SIGNATURE"}`), credentialsMalformed, 0},
		{"JSON serialization/general", nil, json(`{"payload":"PAYLOAD","signatures":[` + signature + `]}`), credentialsMalformed, 0},
		{"JSON serialization/two signatures", nil, json(`{"payload":"PAYLOAD","signatures":[` + signature + `,` + signature + `]}`), credentialsMalformed, 0},
		{"JSON serialization/a space within", nil, json("HEADER. PAYLOAD.SIGNATURE"), credentialsMalformed, 0},
		{"JSON serialization/two parts", nil, json("HEADER.PAYLOAD"), tokenMalformed, 0},
		{"JSON serialization/four parts", nil, json("HEADER.PAYLOAD.SIGNATURE."), tokenMalformed, 0},
		{"JSON serialization/no payload", nil, json("HEADER..SIGNATURE"), tokenMalformed, 0},
		{"JSON serialization/opaque", nil, sent(fmt.Sprintf("Bearer %x", rand.Uint64())), tokenMalformed, 0},
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
