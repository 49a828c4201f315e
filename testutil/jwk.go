package testutil

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"math/big"
)

// JWK returns the key as it is published (RFC 7517, section 4): the public
// part, with kid, alg and use; for HMAC the secret itself. The caller may change the
// map, to forge a key set for [Issuer.SetJWKS].
func (k *Key) JWK() map[string]any {
	jwk := map[string]any{"kid": k.id, "alg": k.alg, "use": "sig"}
	switch public := k.Public().(type) {
	case *rsa.PublicKey:
		jwk["kty"] = "RSA"
		jwk["n"] = base64url(public.N.Bytes())
		jwk["e"] = base64url(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic(fmt.Sprintf("testutil: key %s: %v", k.id, err))
		}
		x, y := point[1:1+len(point)/2], point[1+len(point)/2:] // after the byte 4
		jwk["kty"], jwk["crv"] = "EC", public.Curve.Params().Name
		jwk["x"], jwk["y"] = base64url(x), base64url(y)
	case ed25519.PublicKey:
		jwk["kty"], jwk["crv"], jwk["x"] = "OKP", "Ed25519", base64url(public)
	default:
		secret, _ := k.private.([]byte)
		jwk["kty"], jwk["k"] = "oct", base64url(secret)
	}
	return jwk
}
