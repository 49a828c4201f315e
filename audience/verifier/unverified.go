package verifier

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// dateOf reads a NumericDate of a payload that nobody has verified; the zero
// time if there is none that can be read. It may only lead to a refusal.
func dateOf(claims map[string]any, name string) time.Time {
	number, _ := claims[name].(json.Number)
	seconds, err := number.Float64()
	if err != nil || !(seconds > 0 && seconds < 1<<53) {
		return time.Time{}
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*float64(time.Second)))
}

// ended refuses a token that is over by its own word. It is asked before anybody
// waits for such a token: whatever its signature, it will not be admitted. A
// token without a readable exp would not be admitted either, but that is told
// with its signature known.
func (i *issuer) ended(token *compact) error {
	now := time.Now().Round(0)
	if token.expiry.IsZero() || !now.After(token.expiry.Add(i.leeway)) {
		return nil
	}
	return &audience.Refusal{
		Cause: audience.CauseExpired,
		Got:   fmt.Sprintf("exp %s", token.expiry.UTC().Format(time.RFC3339)),
		Want:  fmt.Sprintf("a time after %s", now.Add(-i.leeway).UTC().Format(time.RFC3339)),
		Hint:  "this is the token's own word, and its signature was not looked at: the client needs a new token",
	}
}

// olderThan reports whether a token is by its own word older than the answer
// that brought s, by more than clocks may differ. The key that signed it was in
// use by then.
func (c *compact) olderThan(s *snapshot, leeway time.Duration) bool {
	return !c.issued.IsZero() && c.issued.Add(leeway).Before(s.fetched)
}
