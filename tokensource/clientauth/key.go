package clientauth

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
)

// KeyOption adjusts how a private key signs.
type KeyOption interface{ apply(*keyOptions) }

type keyOptions struct {
	id         string
	algorithm  jose.SignatureAlgorithm
	audience   *string // nil: the preset's
	thumbprint string  // x5t#S256 of the key's certificate; empty if that is not known
}

type keyOption func(*keyOptions)

func (f keyOption) apply(o *keyOptions) { f(o) }

// KeyID sets the kid under which the authorization server knows the key. The
// default is the kid of the JWK that the key was read from; without one the
// assertion has no kid.
func KeyID(kid string) KeyOption { return keyOption(func(o *keyOptions) { o.id = kid }) }

// Algorithm sets the signature algorithm (RFC 7518, section 3.1). The default is
// the alg of the JWK that the key was read from; else RS256 for RSA, ES256, ES384
// or ES512 by the curve, and EdDSA for Ed25519. An algorithm that does not fit the
// key is an error.
func Algorithm(alg string) KeyOption {
	return keyOption(func(o *keyOptions) { o.algorithm = jose.SignatureAlgorithm(alg) })
}

func newKeyOptions(opts []KeyOption) (o keyOptions) {
	for _, opt := range opts {
		opt.apply(&o)
	}
	return o
}

// newSigner returns a signer of assertions of a type.
func newSigner(key crypto.Signer, o keyOptions, kind jose.ContentType) (jose.Signer, error) {
	if key == nil {
		return nil, errors.New("nil private key")
	}
	if public, ok := key.Public().(*rsa.PublicKey); ok && public.N.BitLen() < 2048 {
		return nil, fmt.Errorf("RSA key of %d bits, want at least 2048", public.N.BitLen())
	}
	opaque := cryptosigner.Opaque(pssSigner{key})
	fitting := opaque.Algs()
	switch {
	case len(fitting) == 0:
		return nil, fmt.Errorf("got a private key of type %T, want RSA, EC (P-256, P-384, P-521) or Ed25519", key)
	case o.algorithm == "":
		o.algorithm = fitting[0]
	case !slices.Contains(fitting, o.algorithm):
		return nil, fmt.Errorf("algorithm: got %q, want one of %q for this key", o.algorithm, fitting)
	}
	header := (&jose.SignerOptions{}).WithType(kind)
	if o.id != "" {
		header.WithHeader("kid", o.id)
	}
	if o.thumbprint != "" {
		header.WithHeader("x5t#S256", o.thumbprint)
	}
	return jose.NewSigner(jose.SigningKey{Algorithm: o.algorithm, Key: opaque}, header)
}

// pssSigner makes the salt of an RSA-PSS signature as long as its hash (RFC 7518,
// section 3.5); go-jose leaves the length to the key.
type pssSigner struct{ crypto.Signer }

func (s pssSigner) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if pss, ok := opts.(*rsa.PSSOptions); ok {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: pss.Hash}
	}
	return s.Signer.Sign(random, digest, opts)
}

// parseKey reads a private key: a JWK (RFC 7517), or PEM with PKCS #8, PKCS #1 or
// SEC 1. The kid and the alg of a JWK are the defaults of o. A certificate of the key
// beside it gives o its thumbprint.
func parseKey(text []byte, o *keyOptions) (crypto.Signer, bool) {
	var jwk jose.JSONWebKey
	if json.Unmarshal(text, &jwk) == nil {
		if o.id == "" {
			o.id = jwk.KeyID
		}
		if o.algorithm == "" {
			o.algorithm = jose.SignatureAlgorithm(jwk.Algorithm)
		}
		key, ok := jwk.Key.(crypto.Signer)
		o.thumbprint = thumbprintOf(key, jwk.Certificates)
		return key, ok
	}
	var signer crypto.Signer
	var certificates []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if key, err := parseDER(block); err == nil && signer == nil {
			signer, _ = key.(crypto.Signer)
		}
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			certificates = append(certificates, cert)
		}
	}
	o.thumbprint = thumbprintOf(signer, certificates)
	return signer, signer != nil
}

// thumbprintOf returns the x5t#S256 (RFC 7515, section 4.1.8) of the first certificate
// that is the key's; empty if none is.
func thumbprintOf(key crypto.Signer, certificates []*x509.Certificate) string {
	if key == nil {
		return ""
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	for _, cert := range certificates {
		if ok && public.Equal(cert.PublicKey) {
			sum := sha256.Sum256(cert.Raw)
			return base64.RawURLEncoding.EncodeToString(sum[:])
		}
	}
	return ""
}

func parseDER(block *pem.Block) (any, error) {
	switch block.Type {
	case "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	}
	return nil, errors.New("no private key") // for example the parameters of a curve
}
