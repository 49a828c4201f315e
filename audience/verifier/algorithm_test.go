package verifier_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/testutil"
)

// algorithms are all that are accepted.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}

// TestEdDSANames shows that the two names of EdDSA are one algorithm.
func TestEdDSANames(t *testing.T) {
	for _, row := range []struct{ key, token string }{{"EdDSA", "Ed25519"}, {"Ed25519", "EdDSA"}} {
		issuer := newIssuer()
		issuer.Rotate(row.key)
		_, err := newVerifier(t, issuer).Verify(t.Context(), mint(issuer, testutil.Header("alg", row.token)))
		want(t, row.token+" by a key for "+row.key, err, "")
	}
}

// TestForgedByAlgorithm shows that a forged signature is refused for each algorithm.
func TestForgedByAlgorithm(t *testing.T) {
	for _, alg := range algorithms {
		synctest.Test(t, func(t *testing.T) {
			issuer := newIssuer()
			issuer.Rotate(alg)
			_, err := newVerifier(t, issuer).Verify(t.Context(), swapPayload(mint(issuer), mint(issuer)))
			want(t, alg, err, audience.CauseSignatureInvalid)
		})
	}
}

// TestPSSSaltMustBeAsLongAsTheHash shows that the salt of a PSS signature is as long as
// its hash (RFC 7518, section 3.5).
func TestPSSSaltMustBeAsLongAsTheHash(t *testing.T) {
	for alg, hash := range map[string]crypto.Hash{"PS256": crypto.SHA256, "PS384": crypto.SHA384, "PS512": crypto.SHA512} {
		synctest.Test(t, func(t *testing.T) {
			issuer := newIssuer()
			private := issuer.Rotate(alg).Private().(*rsa.PrivateKey)
			v := newVerifier(t, issuer)
			good := mint(issuer)
			input := good[:strings.LastIndex(good, ".")]
			h := hash.New()
			h.Write([]byte(input))
			for _, row := range []struct {
				salt  int
				cause audience.Cause
			}{
				{hash.Size(), ""},
				{hash.Size() - 1, audience.CauseSignatureInvalid},
				{hash.Size() + 1, audience.CauseSignatureInvalid},
				{rsa.PSSSaltLengthAuto, audience.CauseSignatureInvalid}, // the longest
			} {
				signature, err := rsa.SignPSS(rand.Reader, private, hash, h.Sum(nil), &rsa.PSSOptions{SaltLength: row.salt})
				if err != nil {
					t.Fatal(err)
				}
				_, err = v.Verify(t.Context(), input+"."+base64.RawURLEncoding.EncodeToString(signature))
				want(t, fmt.Sprintf("%s with a salt of %d bytes", alg, row.salt), err, row.cause)
			}
		})
	}
}
