package verifier

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/grpcaud/grpcaud/internal/jwkset"
	"github.com/grpcaud/grpcaud/internal/strictjson"
)

// algorithms are the accepted signature algorithms. All are asymmetric. What a token
// or a metadata document proposes is not used (RFC 8725, section 3.1). Ed25519 is the
// name of RFC 9864 for what most issuers call EdDSA.
var algorithms = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
	"ES256", "ES384", "ES512", "EdDSA", "Ed25519",
}

// joseAlgorithms has a list with each of the algorithms, in the type of go-jose.
var joseAlgorithms = func() map[string][]jose.SignatureAlgorithm {
	lists := map[string][]jose.SignatureAlgorithm{}
	for _, alg := range algorithms {
		lists[alg] = []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)}
	}
	return lists
}()

// parseSigned reads a token whose header has this algorithm, with go-jose.
func parseSigned(raw, alg string) (*jose.JSONWebSignature, error) {
	return jose.ParseSignedCompact(raw, joseAlgorithms[alg])
}

// key is a public key of an issuer, with the algorithms for which it may be used.
type key struct {
	id     string
	public crypto.PublicKey
	algs   []string
}

// secrets are the members that only private and symmetric keys have (RFC 7518,
// section 6).
var secrets = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// parseKey reads one JWK that has one of these uses, or none. The error says why the
// key cannot be used, and never has the key itself.
func parseKey(data []byte, uses []string) (*key, error) {
	members, err := strictjson.Object(data)
	if err != nil {
		return nil, err
	}
	use, _ := members["use"].(string)
	if _, ok := members["use"]; ok && !slices.Contains(uses, use) {
		return nil, errors.New("not for signatures, by its use")
	}
	if ops, ok := members["key_ops"]; ok {
		if list, _ := ops.([]any); !slices.Contains(list, any("verify")) {
			return nil, errors.New("not for verifying, by its key_ops")
		}
	}
	if slices.ContainsFunc(secrets, func(name string) bool { _, ok := members[name]; return ok }) {
		return nil, errors.New("a private or symmetric key: the issuer has published a secret, and must replace it")
	}
	var jwk jose.JSONWebKey
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&jwk); err != nil {
		return nil, errors.New("malformed, or of an unknown kind")
	}
	if len(jwk.KeyID) > maxKeyID {
		return nil, fmt.Errorf("kid of more than %d bytes", maxKeyID)
	}
	algs, err := jwkset.Algorithms(jwk.Key)
	if err != nil {
		return nil, err
	}
	if alg, ok := members["alg"]; ok {
		algs = narrow(algs, alg)
	}
	if len(algs) == 0 {
		return nil, errors.New("its alg is not accepted, or not of its kind")
	}
	return &key{id: jwk.KeyID, public: jwk.Key, algs: algs}, nil
}

// narrow returns the algorithms that the alg member of a key allows: a key is used
// with one algorithm (RFC 8725, section 3.1). EdDSA and Ed25519 are one.
func narrow(algs []string, alg any) []string {
	if (alg == "EdDSA" || alg == "Ed25519") && slices.Contains(algs, "EdDSA") {
		return algs
	}
	return slices.DeleteFunc(algs, func(a string) bool { return a != alg })
}

// verify returns the payload of a token if k signed it.
func (k *key) verify(jws *jose.JSONWebSignature, alg string) ([]byte, error) {
	switch alg {
	case "PS256", "PS384", "PS512", "Ed25519":
		return jws.Verify(opaque{k.public})
	default:
		return jws.Verify(k.public)
	}
}

// opaque checks what go-jose does not: that the salt of a PSS signature is as long as
// its hash (RFC 7518, section 3.5), and Ed25519 under its name of RFC 9864.
type opaque struct{ public crypto.PublicKey }

// VerifyPayload implements [jose.OpaqueVerifier].
func (o opaque) VerifyPayload(payload, signature []byte, alg jose.SignatureAlgorithm) error {
	switch k := o.public.(type) {
	case *rsa.PublicKey:
		hash := map[jose.SignatureAlgorithm]crypto.Hash{jose.PS256: crypto.SHA256, jose.PS384: crypto.SHA384, jose.PS512: crypto.SHA512}[alg]
		h := hash.New()
		h.Write(payload)
		return rsa.VerifyPSS(k, hash, h.Sum(nil), signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash})
	case ed25519.PublicKey:
		if ed25519.Verify(k, payload, signature) {
			return nil
		}
	}
	return jose.ErrCryptoFailure
}
