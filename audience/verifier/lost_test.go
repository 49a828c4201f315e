package verifier_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestForgedTokenIsTriedWithFewDroppedKeys shows that the cost of a forged token does
// not grow with the number of dropped keys, whether these share a kid or the token has
// none; and that tokens of keys that were dropped long ago are refused as before, also
// on streams.
func TestForgedTokenIsTriedWithFewDroppedKeys(t *testing.T) {
	for name, id := range map[string]func(n int) string{
		"one name for all": func(int) string { return "main" },
		"a name for each":  func(n int) string { return string(rune('a' + n)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				v := newVerifier(t, issuer)
				var first recheck
				for n := range 20 {
					key := testutil.NewKey("ES256").As(id(n), "ES256")
					issuer.Use(key)
					issuer.Retire()
					token := lasting(issuer)
					_, err := v.Verify(t.Context(), token)
					want(t, "by the key of the day", err, "")
					if n == 0 {
						first = begin(t, v, token)
					}
					time.Sleep(time.Hour)
				}
				for _, kid := range []string{"", id(18)} {
					if n := v.Tries(kid, "ES256"); n < 1 || n > 2 {
						t.Errorf("a token with kid %q is tried with %d lost keys, want 1 or 2", kid, n)
					}
				}
				cause := audience.CauseSignatureInvalid
				if id(0) != id(1) {
					cause = audience.CauseKeyUnknown
				}
				_, err := v.Verify(t.Context(), first.token)
				want(t, "by the first key", err, cause)
				first.want(t, "a stream by the first key", cause)
			})
		})
	}
}
