package verifier

import (
	"fmt"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// ended refuses a token that is over by its own word. It is asked before anybody
// waits for such a token: whatever its signature, it will not be admitted. A
// token without a readable exp would not be admitted either, but that is told
// with its signature known.
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
		Hint:  "this is the token's own word, and its signature was not looked at: the client needs a new token",
	}
}

// olderThan reports whether a token is by its own word older than the answer
// that brought s, by more than clocks may differ. The key that signed it was in
// use by then.
func (c *compact) olderThan(s *snapshot, leeway time.Duration) bool {
	issued := c.payload.IssuedAt()
	return !issued.IsZero() && issued.Add(leeway).Before(s.fetched)
}
