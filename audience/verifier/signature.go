package verifier

import (
	"context"
	"errors"
	"fmt"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/grpcaud/grpcaud/audience"
)

// check has go-oidc verify a token against keys, keeps the outcome that it
// would flatten into text, and reads the claims from the very bytes that were
// signed.
func (i *issuer) check(ctx context.Context, token *compact, keys *snapshot) verdict {
	call := &call{token: token, keys: keys}
	verifier := oidc.NewVerifier(i.url, call, &oidc.Config{
		SupportedSigningAlgs: []string{token.alg},
		SkipClientIDCheck:    true, // aud is judged by the rule of the method
		SkipExpiryCheck:      true, // and so is exp, with one leeway for all
	})
	_, err := verifier.Verify(ctx, token.raw)
	found := verdict{by: i, keys: keys.generation, end: keys.end()}
	switch {
	case !call.asked:
		return verdict{err: malformed(errors.New("header: go-jose cannot read it"))}
	case call.payload == nil:
		found.err = &audience.Refusal{Cause: audience.CauseSignatureInvalid, Got: fmt.Sprintf("kid %.64q, alg %s", token.kid, token.alg)}
	case err != nil:
		found.err = &audience.Refusal{Cause: audience.CauseClaimsMalformed, Err: err}
	default:
		found.claims, found.err = i.preset.Claims(call.payload)
	}
	return found
}

// call is the [oidc.KeySet] of one verification: a snapshot of the issuer's
// keys, and the payload if one of them signed it.
type call struct {
	token   *compact
	keys    *snapshot
	asked   bool
	payload []byte
}

// VerifySignature implements [oidc.KeySet].
func (c *call) VerifySignature(_ context.Context, raw string) ([]byte, error) {
	c.asked = true
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(c.token.alg)})
	if err != nil {
		return nil, err
	}
	for _, k := range c.keys.find(c.token.kid, c.token.alg) {
		if payload, err := k.verify(jws, c.token.alg); err == nil {
			c.payload = payload
			return payload, nil
		}
	}
	return nil, audience.CauseSignatureInvalid
}
