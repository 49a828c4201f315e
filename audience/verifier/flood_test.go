package verifier_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestFlood holds that strangers cannot have the issuer asked more than once in
// a cool-down, and that a good token passes meanwhile.
func TestFlood(t *testing.T) {
	for name, forged := range map[string]func(*testutil.Issuer, int) string{
		"T85/unknown kid":   func(i *testutil.Issuer, n int) string { return mint(i, testutil.Header("kid", fmt.Sprint(n))) },
		"T86/bad signature": func(i *testutil.Issuer, _ int) string { return swapPayload(mint(i), mint(i)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				v := newVerifier(t, issuer)
				_, err := v.Verify(t.Context(), mint(issuer))
				want(t, "good", err, "")
				var group sync.WaitGroup
				for n := range 1000 {
					group.Go(func() {
						ctx, cancel := context.WithTimeout(t.Context(), time.Second)
						defer cancel()
						if _, err := v.Verify(ctx, forged(issuer, n)); err == nil {
							t.Error("a forged token is genuine")
						}
					})
					time.Sleep(10 * time.Millisecond)
				}
				_, err = v.Verify(t.Context(), mint(issuer))
				want(t, "good after the flood", err, "")
				group.Wait()
				if n := issuer.Requests(testutil.JWKS); n > 2 {
					t.Errorf("%d fetches in 10 seconds of flood, want the first and at most one more", n)
				}
			})
		})
	}
}

// TestCrowd holds that those who wait for the next keys are bounded, and that
// the others are told that nothing is known.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, "good", err, "")
		stranger := mint(issuer, testutil.SignedBy(testutil.NewKey("ES256")))
		_, err = v.Verify(t.Context(), stranger)
		want(t, "stranger", err, audience.CauseKeyUnknown)
		var group sync.WaitGroup
		var mu sync.Mutex
		causes, soonest := map[audience.Cause]int{}, time.Hour
		for range 1000 {
			group.Go(func() {
				var refusal *audience.Refusal
				if _, err := v.Verify(t.Context(), stranger); errors.As(err, &refusal) {
					mu.Lock()
					defer mu.Unlock()
					if causes[refusal.Cause]++; refusal.Cause == audience.CauseKeysUnavailable {
						soonest = min(soonest, refusal.RetryAfter)
					}
				}
			})
		}
		group.Wait()
		if unknown, rest := causes[audience.CauseKeyUnknown], causes[audience.CauseKeysUnavailable]; unknown != 256 || rest != 744 {
			t.Errorf("refusals = %v, want 256 of KEY_UNKNOWN and the rest of KEYS_UNAVAILABLE", causes)
		}
		if soonest != 30*time.Second {
			t.Errorf("RetryAfter %v, want when tokens may have the issuer asked again", soonest)
		}
		_, err = v.Verify(t.Context(), stranger)
		want(t, "when the crowd has left", err, audience.CauseKeyUnknown)
	})
}
