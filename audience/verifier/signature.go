package verifier

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/remedy"
	"github.com/grpcaud/grpcaud/internal/spiffe"
)

// check verifies a token with go-oidc and these keys. It takes the outcome from the
// signature check, since go-oidc turns errors into text. It reads the claims from the
// payload that was decoded before, if those are the bytes that were signed.
func (i *issuer) check(ctx context.Context, token *compact, keys *snapshot) result {
	call := &signatureCheck{token: token, keys: keys}
	err := token.verifyWith(ctx, oidc.NewVerifier(i.url, call, i.config(token)))
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
	case !token.logout: // which has claims of its own
		found.claims, found.err = i.claims(token)
	}
	return found
}

// verifyWith verifies a token with go-oidc, as what it is to be.
func (c *compact) verifyWith(ctx context.Context, v *oidc.IDTokenVerifier) (err error) {
	if c.logout {
		_, err = v.VerifyLogout(ctx, c.raw)
	} else {
		_, err = v.Verify(ctx, c.raw)
	}
	return err
}

// otherSignature refuses a token that was signed by none of the issuer's keys.
func (i *issuer) otherSignature(token *compact) error {
	return &audience.Refusal{
		Cause: audience.CauseSignatureInvalid, Got: fmt.Sprintf("kid %.64q, alg %s", token.kid, token.alg),
		Hint: cmp.Or(remedy.Shape(token.raw), i.remedy(remedy.Situation{Cause: string(audience.CauseSignatureInvalid)})),
	}
}

// config returns what go-oidc checks in a token. It cannot compare an absent iss; then
// the trust domain has selected i.
func (i *issuer) config(token *compact) *oidc.Config {
	if token.payload.TrustDomain() == "" {
		return i.configs[token.alg]
	}
	config := *i.configs[token.alg]
	config.SkipIssuerCheck = true
	return &config
}

// claims reads the claims of a genuine token. The keys of a trust domain are valid
// only for its own workloads.
func (i *issuer) claims(token *compact) (*claims.Claims, error) {
	c, err := token.payload.ClaimsOf(i.preset, i.url)
	if err == nil && i.trustDomain != "" && spiffe.TrustDomain(c.Subject()) != i.trustDomain {
		return nil, &audience.Refusal{
			Cause: audience.CauseClaimsMalformed, Got: fmt.Sprintf("sub %.128q", c.Subject()),
			Want: fmt.Sprintf("a workload of trust domain %q", i.trustDomain),
		}
	}
	return c, err
}

// signatureCheck is the [oidc.KeySet] of one verification. It has a snapshot of the
// issuer's keys, and the payload if one of them signed it.
type signatureCheck struct {
	token   *compact
	keys    *snapshot
	asked   bool // go-oidc has read the token
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
