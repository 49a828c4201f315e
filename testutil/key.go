package testutil

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"

	_ "crypto/sha256" // for crypto.SHA256
	_ "crypto/sha512" // for crypto.SHA384 and crypto.SHA512
)

// Key signs tokens with one algorithm, under one key id. It is immutable.
type Key struct {
	id, alg string
	private any // *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey or []byte
}

// NewKey returns a new key with a random id for alg: one of RS256, PS256,
// ES256 and their variants with 384 and 512 (RFC 7518, section 3.1), EdDSA (RFC 8037)
// or Ed25519 (RFC 9864). RSA keys have 2048 bits. It panics on any other alg.
func NewKey(alg string) *Key {
	private, err := generate(alg)
	if err != nil {
		panic(fmt.Sprintf("testutil: key: %v", err))
	}
	return KeyOf(alg, private)
}

func generate(alg string) (any, error) {
	switch alg {
	case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "EdDSA", "Ed25519":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	return nil, fmt.Errorf("got alg %q, want RS, PS, ES, EdDSA or Ed25519", alg)
}

// KeyOf returns a key with a random id that signs with private, which need not suit alg:
// a short RSA key, the wrong curve. private is an [*rsa.PrivateKey], an
// [*ecdsa.PrivateKey], an [ed25519.PrivateKey], or, for HMAC, a []byte.
func KeyOf(alg string, private any) *Key {
	return &Key{id: rand.Text(), alg: alg, private: private}
}

// As returns a key with the same private key under another id and algorithm.
func (k *Key) As(id, alg string) *Key {
	return &Key{id: id, alg: alg, private: k.private}
}

// ID returns the kid that the key is published under.
func (k *Key) ID() string { return k.id }

// Private returns the private key, or for HMAC the secret.
func (k *Key) Private() any { return k.private }

// Public returns the public key, nil for HMAC.
func (k *Key) Public() crypto.PublicKey {
	if s, ok := k.private.(crypto.Signer); ok {
		return s.Public()
	}
	return nil
}

// Sign returns the signature of input under the key's algorithm, as RFC 7518,
// section 3, writes it. The salt of PS signatures is as long as the hash. It
// panics if the private key is of no known kind.
func (k *Key) Sign(input []byte) []byte {
	h := k.hash()
	var sig []byte
	var err error
	switch private := k.private.(type) {
	case *rsa.PrivateKey:
		sig, err = private.Sign(rand.Reader, digest(h, input), k.padding())
	case *ecdsa.PrivateKey:
		var r, s *big.Int
		r, s, err = ecdsa.Sign(rand.Reader, private, digest(h, input))
		if err == nil {
			sig = append(fill(private, r), fill(private, s)...)
		}
	case ed25519.PrivateKey:
		sig = ed25519.Sign(private, input)
	case []byte:
		mac := hmac.New(h.New, private)
		mac.Write(input)
		sig = mac.Sum(nil)
	default:
		err = fmt.Errorf("got a private key of type %T", private)
	}
	if err != nil {
		panic(fmt.Sprintf("testutil: sign with %s: %v", k.alg, err))
	}
	return sig
}

// verify reports whether sig is the key's signature of input.
func (k *Key) verify(input, sig []byte) bool {
	h := k.hash()
	switch public := k.Public().(type) {
	case *rsa.PublicKey:
		if pss, ok := k.padding().(*rsa.PSSOptions); ok {
			return rsa.VerifyPSS(public, h, digest(h, input), sig, pss) == nil
		}
		return rsa.VerifyPKCS1v15(public, h, digest(h, input), sig) == nil
	case *ecdsa.PublicKey:
		r, s := new(big.Int).SetBytes(sig[:len(sig)/2]), new(big.Int).SetBytes(sig[len(sig)/2:])
		return ecdsa.Verify(public, digest(h, input), r, s)
	case ed25519.PublicKey:
		return ed25519.Verify(public, input, sig)
	}
	return hmac.Equal(sig, k.Sign(input))
}

// hash returns the hash that the last digits of the algorithm's name denote.
func (k *Key) hash() crypto.Hash {
	switch {
	case strings.HasSuffix(k.alg, "384"):
		return crypto.SHA384
	case strings.HasSuffix(k.alg, "512"):
		return crypto.SHA512
	}
	return crypto.SHA256
}

func (k *Key) padding() crypto.SignerOpts {
	if strings.HasPrefix(k.alg, "PS") {
		return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: k.hash()}
	}
	return k.hash()
}

func digest(h crypto.Hash, input []byte) []byte {
	d := h.New()
	d.Write(input)
	return d.Sum(nil)
}

// fill returns n in the length of the curve's coordinates.
func fill(private *ecdsa.PrivateKey, n *big.Int) []byte {
	return n.FillBytes(make([]byte, (private.Curve.Params().BitSize+7)/8))
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
