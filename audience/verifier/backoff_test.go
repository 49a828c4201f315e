package verifier_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// retryAfter returns when a refusal says to try again.
func retryAfter(err error) time.Duration {
	var refusal *audience.Refusal
	if !errors.As(err, &refusal) {
		return 0
	}
	return refusal.RetryAfter
}

// TestFailingIssuerIsAskedEverLess shows how often an issuer that fails is asked: ever
// less, down to twice a minute, however many calls ask; and again after a success.
func TestFailingIssuerIsAskedEverLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		issuer.Fault(testutil.JWKS, testutil.RespondStatus(http.StatusInternalServerError))
		for range 600 {
			_, err := v.Verify(t.Context(), mint(issuer))
			want(t, "failing", err, audience.CauseKeysUnavailable)
			time.Sleep(100 * time.Millisecond)
		}
		if n := issuer.Requests(testutil.JWKS); n < 6 || n > 10 {
			t.Errorf("asked %d times in the first minute, want 6 to 10", n)
		}
		time.Sleep(time.Hour)
		if n := issuer.Requests(testutil.JWKS); n < 110 || n > 145 {
			t.Errorf("asked %d times in an hour, want two a minute", n)
		}
		_, err := v.Verify(t.Context(), mint(issuer))
		if wait := retryAfter(err); wait > 33*time.Second {
			t.Errorf("%v: RetryAfter %v, want at most 33 seconds", err, wait)
		}
		time.Sleep(retryAfter(err) + time.Nanosecond)
		synctest.Wait()
		_, err = v.Verify(t.Context(), mint(issuer))
		if wait := retryAfter(err); wait < 26*time.Second {
			t.Errorf("%v: RetryAfter %v, want when the issuer is asked next", err, wait)
		}
		issuer.Fault(testutil.JWKS, nil)
		time.Sleep(time.Minute)
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "recovered", err, "")
		issuer.Fault(testutil.JWKS, testutil.RespondStatus(http.StatusInternalServerError))
		_, err = v.Verify(t.Context(), stranger(issuer))
		want(t, "failing again", err, audience.CauseKeysUnavailable)
		if wait := retryAfter(err); wait > 1100*time.Millisecond {
			t.Errorf("RetryAfter %v after the first failure, want about a second", wait)
		}
	})
}

// TestFetchesDoNotOverlap shows that one fetch at a time runs, also if a token and the
// verifier cause a fetch at the same time.
func TestFetchesDoNotOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		keys := jwks(t, issuer.Rotate("ES256").JWK())
		var under, most atomic.Int32
		issuer.Fault(testutil.JWKS, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			most.Store(max(most.Load(), under.Add(1)))
			defer under.Add(-1)
			select {
			case <-r.Context().Done():
				return
			case <-time.After(4 * time.Second):
			}
			w.Header().Set("Cache-Control", "max-age=60")
			w.Write(keys)
		}))
		v := newVerifier(t, issuer, verifier.Cooldown(time.Millisecond))
		for began := time.Now(); time.Since(began) < 2*time.Hour; {
			_, err := v.Verify(t.Context(), stranger(issuer))
			want(t, "stranger", err, audience.CauseKeyUnknown)
			time.Sleep(45 * time.Second)
		}
		if n := most.Load(); n != 1 {
			t.Errorf("%d fetches at a time, want 1", n)
		}
	})
}

// TestKeysOutliveAnOutageOfADay shows that keys are used during an outage of a day,
// and not longer.
func TestKeysOutliveAnOutageOfADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, "first", err, "")
		issuer.Down()
		time.Sleep(24 * time.Hour)
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "a day later", err, "")
		time.Sleep(time.Second)
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "a second after that", err, audience.CauseKeysUnavailable)
	})
}

// TestRetryAfterOfTheKeys shows that an issuer is not asked before its Retry-After,
// and that it cannot delay a fetch for long.
func TestRetryAfterOfTheKeys(t *testing.T) {
	for said, row := range map[string]struct{ least, most time.Duration }{
		"":           {0, 2 * time.Second},
		"0":          {0, 2 * time.Second},
		"soon":       {0, 2 * time.Second},
		"20":         {20 * time.Second, 21 * time.Second},
		"86400":      {30 * time.Second, 34 * time.Second},
		"9999999999": {30 * time.Second, 34 * time.Second},
	} {
		for _, at := range []testutil.Endpoint{testutil.JWKS, testutil.Discovery} {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				v := newVerifier(t, issuer)
				issuer.Fault(at, testutil.RespondStatus(http.StatusTooManyRequests, "Retry-After", said))
				began := time.Now()
				_, err := v.Verify(t.Context(), mint(issuer))
				want(t, "busy", err, audience.CauseKeysUnavailable)
				if wait := retryAfter(err); wait < row.least || wait > row.most {
					t.Errorf("%s, %q: RetryAfter %v, want between %v and %v", at, said, wait, row.least, row.most)
				}
				for before := issuer.Requests(at); issuer.Requests(at) == before && time.Since(began) < time.Hour; {
					time.Sleep(100 * time.Millisecond)
					_, _ = v.Verify(t.Context(), mint(issuer))
				}
				if wait := time.Since(began); wait < row.least || wait > row.most {
					t.Errorf("%s, %q: asked again after %v, want between %v and %v", at, said, wait, row.least, row.most)
				}
				issuer.Fault(at, nil)
				time.Sleep(row.most)
				_, err = v.Verify(t.Context(), mint(issuer))
				want(t, "recovered", err, "")
			})
		}
	}
}
