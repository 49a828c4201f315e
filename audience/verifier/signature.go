package verifier

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// check has go-oidc verify a token against keys. It takes the outcome from the
// signature check, since go-oidc turns errors into text, and reads the claims from the
// payload that was decoded before, if those are the bytes that were signed.
func (i *issuer) check(ctx context.Context, token *compact, keys *snapshot) result {
	call := &signatureCheck{token: token, keys: keys}
	_, err := oidc.NewVerifier(i.url, call, i.configs[token.alg]).Verify(ctx, token.raw)
	found := result{issuer: i, keys: keys.generation, end: keys.end()}
	switch {
	case !call.asked:
		return result{err: malformed(errors.New("header: go-jose cannot read it"))}
	case call.payload == nil:
		found.err = i.otherSignature(token)
	case err != nil:
		found.err = &audience.Refusal{Cause: audience.CauseClaimsMalformed, Err: err}
	case !token.payload.Equals(call.payload):
		found.err = malformed(errors.New("the signed payload is not the one that was read"))
	default:
		found.claims, found.err = token.payload.Claims(i.preset)
	}
	return found
}

// otherSignature refuses a token that none of the issuer's keys signed.
func (i *issuer) otherSignature(token *compact) error {
	return &audience.Refusal{
		Cause: audience.CauseSignatureInvalid, Got: fmt.Sprintf("kid %.64q, alg %s", token.kid, token.alg),
		Hint: cmp.Or(remedy.Shape(token.raw), i.remedy(remedy.Situation{Cause: string(audience.CauseSignatureInvalid)})),
	}
}

// signatureCheck is the [oidc.KeySet] of one verification. It holds a snapshot of the
// issuer's keys, and the payload if one of them signed it.
type signatureCheck struct {
	token   *compact
	keys    *snapshot
	asked   bool // go-oidc could read the token
	payload []byte
}

// VerifySignature implements [oidc.KeySet].
func (c *signatureCheck) VerifySignature(_ context.Context, raw string) ([]byte, error) {
	c.asked = true
	jws, err := parseSigned(raw, c.token.alg)
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
