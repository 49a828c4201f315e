package interceptor_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"math/big"
	"strings"

	"github.com/grpcaud/grpcaud/testutil"
)

var base64url = base64.RawURLEncoding

// changed is the published form of a key with one member changed; nil takes it
// out.
func changed(key *testutil.Key, name string, value any) map[string]any {
	jwk := maps.Clone(key.JWK())
	jwk[name] = value
	maps.DeleteFunc(jwk, func(_ string, v any) bool { return v == nil })
	return jwk
}

// resigned is a token with another signature, made of what is signed and of the
// good one.
func resigned(forge func(input, signature []byte) []byte, opts ...testutil.MintOption) func(*testbed) []string {
	return bent(func(token string) string {
		dot := strings.LastIndex(token, ".")
		signature, err := base64url.DecodeString(token[dot+1:])
		if err != nil {
			panic(err)
		}
		return token[:dot+1] + base64url.EncodeToString(forge([]byte(token[:dot]), signature))
	}, opts...)
}

// halves is an ECDSA signature of these numbers.
func halves(r, s *big.Int) func(input, signature []byte) []byte {
	return func([]byte, []byte) []byte {
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
}

// padded is what RSASSA-PKCS1-v1_5 with SHA-256 signs (RFC 8017, section 9.2):
// the signature itself, under a key with exponent 1.
func padded(input, signature []byte) []byte {
	digest := sha256.Sum256(input)
	info := append([]byte("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"), digest[:]...)
	message := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, len(signature)-3-len(info))...)
	return append(append(message, 0), info...)
}

// salted signs as RSASSA-PSS with SHA-256 does, with a salt of any length (RFC
// 8017, section 9.1.1): crypto/rsa has no way to say none.
func salted(key *testutil.Key, length int) func(input, signature []byte) []byte {
	private := key.Private().(*rsa.PrivateKey)
	return func(input, _ []byte) []byte {
		digest, salt := sha256.Sum256(input), make([]byte, length)
		hash := sha256.Sum256(append(append(make([]byte, 8), digest[:]...), salt...))
		block := make([]byte, private.Size()-sha256.Size-1)
		block[len(block)-length-1] = 1
		mask(block, hash[:])
		block[0] &= 0x7f
		message := new(big.Int).SetBytes(append(append(block, hash[:]...), 0xbc))
		return message.Exp(message, private.D, private.N).FillBytes(make([]byte, private.Size()))
	}
}

// mask is MGF1 of RFC 8017, section B.2.1.
func mask(block, seed []byte) {
	for at := 0; at < len(block); at += sha256.Size {
		h := crypto.SHA256.New()
		h.Write(binary.BigEndian.AppendUint32(bytes.Clone(seed), uint32(at/sha256.Size)))
		for i, b := range h.Sum(nil) {
			if at+i < len(block) {
				block[at+i] ^= b
			}
		}
	}
}

// secret returns a key with its private part, as no issuer should publish it (RFC
// 7518, section 6.3.2).
func secret(key *testutil.Key) map[string]any {
	private, jwk := key.Private().(*rsa.PrivateKey), maps.Clone(key.JWK())
	for name, n := range map[string]*big.Int{
		"d": private.D, "p": private.Primes[0], "q": private.Primes[1],
		"dp": private.Precomputed.Dp, "dq": private.Precomputed.Dq, "qi": private.Precomputed.Qinv,
	} {
		jwk[name] = base64url.EncodeToString(n.Bytes())
	}
	return jwk
}
