package interceptor_test

import (
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

func TestAlgorithmMustBeThatOfTheKey(t *testing.T) {
	rs := testutil.NewKey("RS256").As("rs", "RS256")
	hs := func(secret []byte) func(*testbed) []string {
		return token(nil, testutil.SignedBy(testutil.KeyOf("HS256", secret).As("rs", "HS256")))
	}
	public := rs.Public().(*rsa.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	var attacks []attack
	for _, alg := range []string{"none", "None", "NONE", "noNe"} {
		none := testutil.Header("alg", alg)
		attacks = append(attacks,
			attack{"unsigned/" + alg + ", signed", nil, token(nil, none), algorithmNotAllowed, 0},
			attack{"unsigned/" + alg + ", unsigned", nil, bent(unsigned, none), tokenMalformed, 0})
	}
	for name, secret := range map[string][]byte{
		"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "DER": der,
		"modulus": public.N.Bytes(), "JWK": encoded(rs.JWK()), "client secret": []byte("customer-secret"),
	} {
		attacks = append(attacks, attack{"public key as secret/HS256 by the " + name, publishing(rs.JWK()), hs(secret), algorithmNotAllowed, 0})
	}
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384"} {
		attacks = append(attacks, attack{"another algorithm than the key's/" + alg + " under a key for PS512", publishing(changed(rs, "alg", "PS512")), token(nil, testutil.SignedBy(rs.As("rs", alg))), signatureInvalid, 1})
	}
	run(t, append(attacks,
		attack{"another algorithm than the key's/RS256 under a key for PS256", publishing(changed(rs, "alg", "PS256")), token(nil, testutil.SignedBy(rs)), signatureInvalid, 1},
		attack{"another algorithm than the key's/PS512 under its key", publishing(changed(rs, "alg", "PS512")), token(nil, testutil.SignedBy(rs.As("rs", "PS512"))), admitted, 0},
	))
}

// unsigned cuts the signature off.
func unsigned(token string) string { return token[:strings.LastIndex(token, ".")+1] }

// TestUnfitKeysVerifyNothing shows that published keys which must not be used verify
// no token. Keys with the weakness ROCA are not recognised.
func TestUnfitKeysVerifyNothing(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0") // nobody but us refuses a small key
	rs, es := testutil.NewKey("RS256").As("rs", "RS256"), testutil.NewKey("ES256").As("es", "ES256")
	by := func(k *testutil.Key) func(*testbed) []string { return token(nil, testutil.SignedBy(k)) }
	var attacks []attack
	for _, k := range []*testutil.Key{rs, es} {
		attacks = append(attacks,
			attack{"key for another use/use enc, " + k.ID(), publishing(changed(k, "use", "enc")), by(k), keyUnknown, 1},
			attack{"key for another use/key_ops encrypt, " + k.ID(), publishing(changed(k, "key_ops", []string{"encrypt"})), by(k), keyUnknown, 1})
	}
	for name, bits := range map[string]int{"512 bits": 512, "1024 bits": 1024, "2047 bits": 2047} {
		private, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		small := testutil.KeyOf("RS256", private)
		attacks = append(attacks, attack{"weak RSA key/" + name, publishing(small.JWK()), by(small), keyUnknown, 1})
	}
	p384 := testutil.NewKey("ES384").As("p384", "ES256")
	zero := base64url.EncodeToString(make([]byte, 32))
	origin := changed(es, "x", zero)
	origin["y"] = zero
	run(t, append(attacks,
		attack{"weak RSA key/exponent 1", publishing(changed(rs, "e", "AQ")), resigned(padded, testutil.SignedBy(rs)), keyUnknown, 1},
		attack{"bad point/off the curve", publishing(changed(es, "y", es.JWK()["x"])), by(es), keyUnknown, 1},
		attack{"bad point/no y", publishing(changed(es, "y", nil)), by(es), keyUnknown, 1},
		attack{"bad point/zero point", publishing(origin), by(es), keyUnknown, 1},
		attack{"bad point/P-384 with ES256", publishing(changed(p384, "alg", nil)), by(p384), signatureInvalid, 1},
		attack{"bad point/P-384 for ES256", publishing(changed(p384, "alg", "ES256")), by(p384), keyUnknown, 1},
	))
}

func TestDegenerateSignaturesAreRefused(t *testing.T) {
	n := elliptic.P256().Params().N
	one, most := big.NewInt(1), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	run(t, []attack{
		{"signature values/r and s 0", nil, resigned(halves(new(big.Int), new(big.Int))), signatureInvalid, 1},
		{"signature values/r 0", nil, resigned(halves(new(big.Int), one)), signatureInvalid, 1},
		{"signature values/r n", nil, resigned(halves(n, one)), signatureInvalid, 1},
		{"signature values/s n", nil, resigned(halves(one, n)), signatureInvalid, 1},
		{"signature values/s beyond n", nil, resigned(halves(one, most)), signatureInvalid, 1},
		{"signature values/short", nil, resigned(func(_, s []byte) []byte { return s[:63] }), signatureInvalid, 1},
		{"signature values/one byte", nil, resigned(func(_, s []byte) []byte { return s[:1] }), signatureInvalid, 1},
		{"signature values/long", nil, resigned(func(_, s []byte) []byte { return append(s, 0) }), signatureInvalid, 1},
		{"signature values/DER", nil, resigned(func(_, s []byte) []byte {
			der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(s[:32]), new(big.Int).SetBytes(s[32:])})
			if err != nil {
				panic(err)
			}
			return der
		}), signatureInvalid, 1},
	})
}

// TestKeySetsWithSecretsOrDuplicateNames shows which keys of a set verify tokens if
// other keys in it are secrets, have the same name, or cannot be used.
func TestKeySetsWithSecretsOrDuplicateNames(t *testing.T) {
	rs, other := testutil.NewKey("RS256").As("rs", "RS256"), testutil.NewKey("RS256").As("rs", "RS256")
	es, hs := testutil.NewKey("ES256").As("rs", "ES256"), testutil.KeyOf("HS256", []byte("a secret of the issuer and of it alone"))
	by := func(k *testutil.Key, opts ...testutil.MintOption) func(*testbed) []string {
		return token(nil, append(opts, testutil.SignedBy(k))...)
	}
	lone := map[string]any{"kty": "RSA", "kid": "lone", "d": secret(rs)["d"]}
	useless := []any{
		42, "a key", nil,
		[]any{},
		map[string]any{},
		map[string]any{"kid": "no kty"},
		map[string]any{"kty": "XYZ", "kid": "unknown kty"},
		map[string]any{"kty": "AKP", "kid": "ML-DSA", "alg": "ML-DSA-44", "pub": base64url.EncodeToString(make([]byte, 1312))},
		map[string]any{"kty": "OKP", "kid": "Ed448", "crv": "Ed448", "x": base64url.EncodeToString(make([]byte, 57))},
		map[string]any{"kty": "RSA", "kid": "no n", "e": "AQAB"},
	}
	noKid := testutil.Header("kid", nil)
	run(t, []attack{
		{"published secret/HS256 by a published secret", publishing(hs.JWK(), rs.JWK()), by(hs), algorithmNotAllowed, 0},
		{"published secret/HS256 under the name of an RSA key", publishing(hs.As("rs", "HS256").JWK(), rs.JWK()), by(hs.As("rs", "HS256")), algorithmNotAllowed, 0},
		{"published secret/RSA beside a secret of its name", publishing(hs.As("rs", "HS256").JWK(), rs.JWK()), by(rs), admitted, 0},
		{"published secret/alg of RSA by a published secret", publishing(hs.JWK(), rs.JWK()), by(hs, testutil.Header("alg", "RS256")), keyUnknown, 1},
		{"two issuers, one kid/the partner's token by our key", nil, token(testutil.Claims{"iss": partnerURL}), issuerNotAccepted, 0},
		{"two issuers, one kid/our token by the partner's key", nil, by(partnerKey), signatureInvalid, 1},
		{"two keys, one kid/first of two of a name", publishing(rs.JWK(), other.JWK()), by(rs), admitted, 0},
		{"two keys, one kid/second of two of a name", publishing(rs.JWK(), other.JWK()), by(other), admitted, 0},
		{"two keys, one kid/EC beside RSA of its name", publishing(rs.JWK(), es.JWK()), by(es), admitted, 0},
		{"two keys, one kid/RSA beside EC of its name", publishing(es.JWK(), rs.JWK()), by(rs), admitted, 0},
		{"no kid/no kid, one key that fits", publishing(rs.JWK()), by(rs, noKid), admitted, 0},
		{"no kid/no kid, two keys that fit", publishing(rs.JWK(), other.As("other", "RS256").JWK()), by(rs, noKid), signatureInvalid, 1},
		{"useless keys/good among useless", publishing(append(useless, rs.JWK())...), by(rs), admitted, 0},
		{"published private key/private key", publishing(secret(rs)), by(rs), keyUnknown, 1},
		{"published private key/half a private key", publishing(changed(rs, "d", lone["d"])), by(rs), keyUnknown, 1},
		{"published private key/good beside a private exponent", publishing(lone, rs.JWK()), by(rs), admitted, 0},
	})
}

func TestPSSSaltMustBeAsLongAsTheHash(t *testing.T) {
	ps := testutil.NewKey("PS256").As("ps", "PS256")
	salt := func(length int) func(*testbed) []string { return resigned(salted(ps, length), testutil.SignedBy(ps)) }
	run(t, []attack{
		{"PSS salt/none", publishing(ps.JWK()), salt(0), signatureInvalid, 1},
		{"PSS salt/20 bytes", publishing(ps.JWK()), salt(20), signatureInvalid, 1},
		{"PSS salt/64 bytes", publishing(ps.JWK()), salt(64), signatureInvalid, 1},
		{"PSS salt/32 bytes, as the hash", publishing(ps.JWK()), salt(32), admitted, 0},
	})
}
