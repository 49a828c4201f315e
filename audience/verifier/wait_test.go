package verifier_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestCloseWakesWaiters holds that a call which waits for the next allowed fetch
// does not wait for one that will never come.
func TestCloseWakesWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, "good", err, "")
		stranger := mint(issuer, testutil.SignedBy(testutil.NewKey("ES256")))
		_, err = v.Verify(t.Context(), stranger)
		want(t, "stranger", err, audience.CauseKeyUnknown)
		var group sync.WaitGroup
		group.Go(func() {
			_, err := v.Verify(t.Context(), stranger)
			want(t, "a waiter", err, audience.CauseKeysUnavailable)
		})
		synctest.Wait()
		began := time.Now()
		v.Close()
		group.Wait()
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %v after Close", waited)
		}
	})
}

// TestNoNewsIsMissed holds that a token whose key arrives while it is on its way
// to wait for it finds it at once.
func TestNoNewsIsMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		for range 50 {
			_, err := v.Verify(t.Context(), mint(issuer))
			want(t, "good", err, "")
			time.Sleep(time.Minute)
			issuer.Rotate("ES256")
			began := time.Now()
			var group sync.WaitGroup
			for range 20 {
				group.Go(func() {
					_, err := v.Verify(t.Context(), mint(issuer))
					want(t, "new key", err, "")
				})
			}
			group.Wait()
			if waited := time.Since(began); waited != 0 {
				t.Fatalf("a token of a key at hand waited %v", waited)
			}
		}
	})
}

// TestRotationWithoutKeyID holds that a stranger who has spent the allowance
// does not make a rotation of the only, nameless key look like forgery.
func TestRotationWithoutKeyID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		publish := func(k *testutil.Key) {
			jwk := k.JWK()
			delete(jwk, "kid")
			issuer.SetJWKS([]byte(`{"keys":[` + encode(t, jwk) + `]}`))
		}
		signed := func(k *testutil.Key) string {
			return mint(issuer, testutil.SignedBy(k), testutil.Header("kid", nil))
		}
		old, next := testutil.NewKey("ES256"), testutil.NewKey("ES256")
		publish(old)
		_, err := v.Verify(t.Context(), signed(old))
		want(t, "old key", err, "")
		_, err = v.Verify(t.Context(), mint(issuer, testutil.Header("kid", "random")))
		want(t, "stranger", err, audience.CauseKeyUnknown)
		publish(next)
		began := time.Now()
		_, err = v.Verify(t.Context(), signed(next))
		want(t, "new key", err, "")
		if waited := time.Since(began); waited > 30*time.Second {
			t.Errorf("waited %v", waited)
		}
		issuer.Down()
		time.Sleep(time.Minute)
		_, err = v.Verify(t.Context(), signed(testutil.NewKey("ES256")))
		want(t, "another key, issuer down", err, audience.CauseKeysUnavailable)
	})
}

// TestCrowdWhileFetching holds that those who wait are bounded also while a
// fetch hangs, once there are keys to judge good tokens by.
func TestCrowdWhileFetching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		transport, hang := issuer.Transport(), false
		v, err := verifier.New([]audience.Issuer{{URL: corp}}, verifier.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
			if hang {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return transport.RoundTrip(r)
		})))
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "good", err, "")
		hang = true
		stranger := mint(issuer, testutil.SignedBy(testutil.NewKey("ES256")))
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		var mu sync.Mutex // guards refused
		refused := 0
		for range 1000 {
			group.Go(func() {
				if _, err := v.Verify(ctx, stranger); ctx.Err() == nil && err != nil {
					mu.Lock()
					defer mu.Unlock()
					refused++
				}
			})
		}
		synctest.Wait()
		mu.Lock()
		if refused != 1000-256 {
			t.Errorf("%d of 1000 calls are refused while a fetch hangs, want all but 256", refused)
		}
		mu.Unlock()
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "good beside them", err, "")
		cancel()
		group.Wait()
	})
}
