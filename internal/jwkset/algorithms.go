package jwkset

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
)

// minModulus is the smallest size of an RSA key, in bits (RFC 7518, section 3.3).
// go-jose refuses keys that are too large to verify in a reasonable time.
const minModulus = 2048

// Algorithms returns the signature algorithms for which a public key may be used (RFC
// 7518, section 3.1, RFC 8037 and RFC 9864). The error says why the key cannot be used.
func Algorithms(public crypto.PublicKey) ([]string, error) {
	switch k := public.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < minModulus || k.E < 3 || k.E%2 == 0 {
			return nil, fmt.Errorf("RSA key of %d bits with exponent %d, want at least %d bits and an odd exponent from 3", k.N.BitLen(), k.E, minModulus)
		}
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}, nil
	case *ecdsa.PublicKey:
		alg, ok := map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[k.Params().BitSize]
		if !ok {
			return nil, errors.New("curve that is not accepted")
		}
		return []string{alg}, nil
	case ed25519.PublicKey:
		return []string{"EdDSA", "Ed25519"}, nil
	default:
		return nil, errors.New("not a public key")
	}
}
