package verifier

import (
	"fmt"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// Unverified reads the typ header and the payload of a JWT as strictly as a [Verifier]
// does, and does not verify its signature. It is for a client that looks at a token
// which it holds, before it sends the token: use the result only to refuse, never to
// admit a call. The error is a [*audience.Refusal].
func Unverified(token string) (typ string, payload claims.Payload, err error) {
	if len(token) > maxToken {
		return "", claims.Payload{}, &audience.Refusal{Cause: audience.CauseTokenTooLarge}
	}
	c, err := parse(token)
	if err != nil {
		return "", claims.Payload{}, err
	}
	return c.typ, c.payload, nil
}

// ended refuses a token whose exp has passed, before its signature is verified: no call
// waits for the keys of a token that cannot be admitted. A token without a readable exp
// is refused later, after its signature was verified.
func (i *issuer) ended(token *compact) error {
	now := time.Now().Round(0)
	expiry := token.payload.Expiry()
	if expiry.IsZero() || !now.After(expiry.Add(i.leeway)) {
		return nil
	}
	return &audience.Refusal{
		Cause: audience.CauseExpired,
		Got:   fmt.Sprintf("exp %s", expiry.UTC().Format(time.RFC3339)),
		Want:  fmt.Sprintf("a time after %s", now.Add(-i.leeway).UTC().Format(time.RFC3339)),
		Hint:  "by the token's own exp; its signature was not verified: the client needs a new token",
	}
}

// olderThan reports whether a token was issued, by its own iat, before s was fetched,
// by more than the leeway. If so, its key was in use by then.
func (c *compact) olderThan(s *snapshot, leeway time.Duration) bool {
	issued := c.payload.IssuedAt()
	return !issued.IsZero() && issued.Add(leeway).Before(s.fetched)
}
