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
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestFloodCausesOneFetchInACooldown shows that unknown tokens cause at most one fetch
// in a cool-down, and that a good token is accepted meanwhile.
func TestFloodCausesOneFetchInACooldown(t *testing.T) {
	for name, forged := range map[string]func(*testutil.Issuer, int) string{
		"unknown kid":   func(i *testutil.Issuer, n int) string { return mint(i, testutil.Header("kid", fmt.Sprint(n))) },
		"bad signature": func(i *testutil.Issuer, _ int) string { return swapPayload(mint(i), mint(i)) },
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

// TestWaitingCallsAreBounded shows that the number of calls which wait for the next
// keys is bounded, that few with the same kid wait until the keys come, and that the
// others get the answer that nothing is known.
func TestWaitingCallsAreBounded(t *testing.T) {
	for name, row := range map[string]struct {
		kids, settled int // how many kids the tokens have, and how many calls wait until the keys come
	}{
		"one kid": {1, verifier.MaxSameKid},
		"4 kids":  {4, verifier.MaxLongWaits},
		// 32 wait for the keys; the last of the others come too late to be displaced, and wait for 5 s.
		"1000 kids": {1000, verifier.MaxKids},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				v := newVerifier(t, issuer)
				_, err := v.Verify(t.Context(), mint(issuer))
				want(t, "good", err, "")
				_, err = v.Verify(t.Context(), stranger(issuer))
				want(t, "stranger", err, audience.CauseKeyUnknown)
				began := time.Now()
				var group sync.WaitGroup
				var mu sync.Mutex // guards what follows
				causes, longest := map[audience.Cause]int{}, time.Duration(0)
				for n := range 1000 {
					forged := mint(issuer, testutil.Header("kid", fmt.Sprint(n%row.kids)))
					group.Go(func() {
						var refusal *audience.Refusal
						if _, err := v.Verify(t.Context(), forged); !errors.As(err, &refusal) {
							t.Errorf("Verify = %v", err)
							return
						}
						mu.Lock()
						defer mu.Unlock()
						causes[refusal.Cause]++
						if refusal.Cause == audience.CauseKeyUnknown {
							return
						}
						longest = max(longest, time.Since(began))
						if again := time.Since(began) + refusal.RetryAfter; again != 30*time.Second {
							t.Errorf("to come again %v after the beginning, want when tokens may have the issuer asked", again)
						}
					})
					synctest.Wait()
				}
				group.Wait()
				if unknown, rest := causes[audience.CauseKeyUnknown], causes[audience.CauseKeysUnavailable]; unknown+rest != 1000 || unknown > row.settled || row.kids < 100 && unknown != row.settled {
					t.Errorf("refusals = %v, want %d of KEY_UNKNOWN and the rest of KEYS_UNAVAILABLE", causes, row.settled)
				}
				if longest > 5*time.Second {
					t.Errorf("a call that was not settled was held for %v", longest)
				}
			})
		})
	}
}

// TestStrangersCostNoMoreAtManyIssuers holds that a token of an unknown issuer is refused
// with as much work at a server of a thousand tenants as at one of a hundred.
func TestStrangersCostNoMoreAtManyIssuers(t *testing.T) {
	raw := mint(testutil.NewIssuer("https://idp.example.com/stranger"))
	work := func(tenants int) float64 {
		var issuers []access.Issuer
		for n := range tenants {
			issuers = append(issuers, access.Issuer{URL: fmt.Sprintf("https://idp.example.com/tenant-%d", n)})
		}
		v := verifierOf(t, issuers)
		return testing.AllocsPerRun(10, func() {
			_, err := v.Verify(t.Context(), raw)
			want(t, "a stranger", err, audience.CauseIssuerUnknown)
		})
	}
	if few, many := work(100), work(1000); many > 1.1*few {
		t.Errorf("%v allocations at 1000 issuers, and %v at 100", many, few)
	}
}
