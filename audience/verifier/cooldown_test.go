package verifier_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

func stranger(issuer *testutil.Issuer) string {
	return mint(issuer, testutil.SignedBy(testutil.NewKey("ES256")))
}

// TestTokensCauseOneFetchInACooldown shows exactly when tokens can cause a fetch: once
// in a cool-down. Neither failures nor the verifier's own fetches count.
func TestTokensCauseOneFetchInACooldown(t *testing.T) {
	for _, row := range []struct {
		opts     []verifier.Option
		cooldown time.Duration
	}{
		{nil, 30 * time.Second},
		{[]verifier.Option{verifier.Cooldown(5 * time.Second)}, 5 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			issuer := newIssuer()
			v := newVerifier(t, issuer, row.opts...)
			// forged never waits: it has the issuer asked if that is allowed now.
			asked := func() bool {
				n := issuer.Requests(testutil.JWKS)
				_, err := v.Verify(t.Context(), swapPayload(mint(issuer), mint(issuer)))
				want(t, "forged", err, audience.CauseSignatureInvalid)
				return issuer.Requests(testutil.JWKS) > n
			}
			_, err := v.Verify(t.Context(), mint(issuer))
			want(t, "first", err, "")
			if !asked() {
				t.Errorf("the first need used up the allowance")
			}
			time.Sleep(row.cooldown - 1)
			if asked() {
				t.Errorf("asked again within %v", row.cooldown)
			}
			time.Sleep(time.Nanosecond)
			if !asked() {
				t.Errorf("not asked after %v", row.cooldown)
			}

			time.Sleep(row.cooldown)
			issuer.Down()
			if !asked() {
				t.Errorf("not asked while the issuer is down")
			}
			issuer.Up()
			time.Sleep(2 * time.Second)
			if !asked() {
				t.Errorf("a failure used up the allowance")
			}
		})
	}
}

// TestOwnFetchesUseUpNoAllowance shows that a fetch which no token caused does not
// count for the cool-down.
func TestOwnFetchesUseUpNoAllowance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, "first", err, "")
		time.Sleep(2 * time.Minute)
		for range 2 { // the second waits for the allowance
			_, err = v.Verify(t.Context(), stranger(issuer))
			want(t, "stranger", err, audience.CauseKeyUnknown)
		}
		time.Sleep(130 * time.Second) // past when the first fetch would have had the next, before the last one has
		if n := issuer.Requests(testutil.JWKS); n != 3 {
			t.Errorf("asked %d times, want 3: a fetch puts off the next", n)
		}
		for issuer.Requests(testutil.JWKS) == 3 {
			time.Sleep(time.Second)
		}
		issuer.Rotate("ES256")
		began := time.Now()
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "new key", err, "")
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %v after a fetch that no token caused", waited)
		}
	})
}

// TestTokenOfANewKeyWaitsForTheNextFetch shows that a token of a new key waits for
// whichever fetch comes first: the next allowed one, or the verifier's own.
func TestTokenOfANewKeyWaitsForTheNextFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer, verifier.Cooldown(time.Hour))
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, "first", err, "")
		_, err = v.Verify(t.Context(), stranger(issuer))
		want(t, "stranger", err, audience.CauseKeyUnknown)
		issuer.Rotate("ES256")
		began := time.Now()
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "new key", err, "")
		if waited := time.Since(began); waited > 5*time.Minute {
			t.Errorf("waited %v, want no more than the age of keys", waited)
		}
	})
}

// TestLongFloodCausesOneFetchInACooldown shows that unknown tokens whose calls wait
// one after another cause one fetch in a cool-down.
func TestLongFloodCausesOneFetchInACooldown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, "good", err, "")
		for began := time.Now(); time.Since(began) < 10*time.Minute; {
			_, err := v.Verify(t.Context(), stranger(issuer))
			want(t, "stranger", err, audience.CauseKeyUnknown)
		}
		if n := issuer.Requests(testutil.JWKS); n > 23 {
			t.Errorf("%d fetches in 10 minutes, want one in 30 seconds", n)
		}
	})
}
