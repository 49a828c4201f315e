package verifier_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestCloseWakesWaiters shows that a call which waits for the next allowed fetch ends
// when the verifier is closed.
func TestCloseWakesWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, "good", err, "")
		_, err = v.Verify(t.Context(), stranger(issuer))
		want(t, "stranger", err, audience.CauseKeyUnknown)
		var group sync.WaitGroup
		group.Go(func() {
			_, err := v.Verify(t.Context(), stranger(issuer))
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

// TestKeyThatArrivesBeforeTheWaitIsFound shows that a call finds a key at once that
// arrives just before the call begins to wait for it.
func TestKeyThatArrivesBeforeTheWaitIsFound(t *testing.T) {
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

// TestRotationWithoutKeyID shows that after an unknown token has caused a fetch, a
// rotation of the only key, without kid, does not make good tokens look forged.
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

// TestWaitingCallsAreBoundedDuringAFetch shows that the number of waiting calls is
// bounded also while a fetch hangs, if there are keys for good tokens.
func TestWaitingCallsAreBoundedDuringAFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		transport, hang := issuer.Transport(), false
		v, err := verifier.New([]access.Issuer{{URL: corp}}, verifier.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
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

// TestOlderFetchMakesNoKidUnknown shows that a kid is unknown only by a fetch that
// began after the token came.
func TestOlderFetchMakesNoKidUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		transport := issuer.Transport()
		v, err := verifier.New([]access.Issuer{{URL: corp, JWKS: corp + "/jwks"}}, verifier.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
			response, err := transport.RoundTrip(r)
			time.Sleep(2 * time.Second)
			return response, err
		})))
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		var group sync.WaitGroup
		old := mint(issuer)
		group.Go(func() {
			_, err := v.Verify(t.Context(), old)
			want(t, "old key", err, "")
		})
		time.Sleep(time.Second)
		issuer.Rotate("ES256")
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "new key", err, "")
		group.Wait()
	})
}

// TestCloseWhileFetching shows that Close ends the fetch under way, and that later
// refusals have the time of a retry.
func TestCloseWhileFetching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		issuer.Fault(testutil.Discovery, testutil.RespondNever())
		began := time.Now()
		go func() {
			time.Sleep(time.Second)
			v.Close()
		}()
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, "closed while waiting", err, audience.CauseKeysUnavailable)
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("waited %v for a closed verifier", waited)
		}
		time.Sleep(time.Hour)
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "closed", err, audience.CauseKeysUnavailable)
		if wait := retryAfter(err); wait < time.Second {
			t.Errorf("RetryAfter %v, want a second at least", wait)
		}
		if n := issuer.Requests(testutil.Discovery); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
	})
}
