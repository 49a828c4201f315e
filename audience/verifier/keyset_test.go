package verifier_test

import (
	"context"
	"errors"
	"fmt"
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

// TestOutageMakesNoTokenBad shows that an issuer that cannot be asked makes no token bad.
func TestOutageMakesNoTokenBad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		issuer.Down()
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, "down at first need", err, audience.CauseKeysUnavailable)
		var refusal *audience.Refusal
		if errors.As(err, &refusal); refusal.RetryAfter <= 0 {
			t.Errorf("%v does not say when to try again", err)
		}
		issuer.Up()
		time.Sleep(2 * time.Second)
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "up again", err, "")

		issuer.Down()
		time.Sleep(23 * time.Hour)
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "down, with keys at hand", err, "")
		issuer.Rotate("ES256")
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "down, new key", err, audience.CauseKeysUnavailable)
		time.Sleep(2 * time.Hour)
		issuer.Rotate("ES256")
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "down for too long", err, audience.CauseKeysUnavailable)
		issuer.Up()
		time.Sleep(time.Minute)
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "recovered", err, "")
	})
}

// TestFloodInAnOutageCausesFewFetches shows that an issuer which is down is asked
// rarely, however many calls come, and that a failed fetch does not count for the
// cool-down.
func TestFloodInAnOutageCausesFewFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		cold, warm := newVerifier(t, issuer), newVerifier(t, issuer)
		if err := warm.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		issuer.Down()
		before := issuer.Requests(testutil.Discovery)
		for range 600 {
			_, err := cold.Verify(t.Context(), mint(issuer))
			want(t, "cold", err, audience.CauseKeysUnavailable)
			time.Sleep(100 * time.Millisecond)
		}
		if n := issuer.Requests(testutil.Discovery) - before; n > 12 {
			t.Errorf("%d requests in a minute of outage, want back-off", n)
		}
		issuer.Rotate("ES256")
		_, err := warm.Verify(t.Context(), mint(issuer))
		want(t, "new key, down", err, audience.CauseKeysUnavailable)
		issuer.Up()
		time.Sleep(2 * time.Second)
		began := time.Now()
		for range 2 {
			_, err = warm.Verify(t.Context(), mint(issuer))
			want(t, "new key, up again", err, "")
			issuer.Rotate("ES256")
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %v for new keys", waited)
		}
	})
}

// TestIssuerThatHangs shows that a waiting call gets the reason just before its own
// deadline, and that a fetch which hangs ends by itself.
func TestIssuerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		issuer.Fault(testutil.Discovery, testutil.RespondNever())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := v.Verify(ctx, mint(issuer))
		want(t, "hanging, short deadline", err, audience.CauseKeysUnavailable)
		if took := time.Since(began); took != 900*time.Millisecond {
			t.Errorf("answered after %v, want a tenth before its own deadline", took)
		}
		began = time.Now()
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "hanging", err, audience.CauseKeysUnavailable)
		if waited := time.Since(began); waited > 5*time.Second {
			t.Errorf("waited %v for a hanging issuer", waited)
		}
		issuer.Fault(testutil.Discovery, nil)
		time.Sleep(2 * time.Second)
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "recovered", err, "")
	})
}

// TestAThousandCallersCauseOneFetch shows that a thousand calls cause one request, and
// that the call which caused it may end.
func TestAThousandCallersCauseOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		slow := make(chan struct{})
		transport := issuer.Transport()
		v, err := verifier.New([]access.Issuer{{URL: corp}}, verifier.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
			<-slow
			return transport.RoundTrip(r)
		})))
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		first, leave := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := v.Verify(first, mint(issuer)); !errors.Is(err, context.Canceled) {
				t.Errorf("the first: Verify = %v, want it cancelled", err)
			}
		})
		synctest.Wait()
		for range 1000 {
			group.Go(func() {
				_, err := v.Verify(t.Context(), mint(issuer))
				want(t, "a waiter", err, "")
			})
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		close(slow)
		group.Wait()
		if d, k := issuer.Requests(testutil.Discovery), issuer.Requests(testutil.JWKS); d != 1 || k != 1 {
			t.Errorf("%d discoveries and %d fetches of keys, want one of each", d, k)
		}
	})
}

// TestFirstTokenOfANewKeySucceeds shows that the first token of a new key is accepted,
// also if an unknown token has just caused a fetch, and that the removed key is
// refused in the end.
func TestFirstTokenOfANewKeySucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		old := mint(issuer)
		_, err := v.Verify(t.Context(), old)
		want(t, "first", err, "")
		_, err = v.Verify(t.Context(), mint(issuer, testutil.SignedBy(testutil.NewKey("ES256"))))
		want(t, "stranger", err, audience.CauseKeyUnknown)

		issuer.Rotate("ES256")
		began := time.Now()
		_, err = v.Verify(t.Context(), mint(issuer))
		want(t, "new key", err, "")
		if waited := time.Since(began); waited > 30*time.Second {
			t.Errorf("waited %v", waited)
		}
		_, err = v.Verify(t.Context(), old)
		want(t, "old key, still published", err, "")

		issuer.Retire()
		time.Sleep(15 * time.Minute)
		_, err = v.Verify(t.Context(), old)
		want(t, "old key, dropped", err, audience.CauseKeyUnknown)
	})
}

// TestKeysThatChangeFasterThanTheyAreFetched shows that every token of a new key is
// good though keys change faster than the issuer is asked, and that old keys go in the
// end.
func TestKeysThatChangeFasterThanTheyAreFetched(t *testing.T) {
	for name, every := range map[string]time.Duration{"every ten minutes": 10 * time.Minute, "every second": time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				v := newVerifier(t, issuer)
				first, began := mint(issuer), time.Now()
				var group sync.WaitGroup
				for range 60 {
					issuer.Rotate("ES256")
					for range 5 {
						group.Go(func() {
							_, err := v.Verify(t.Context(), mint(issuer))
							want(t, "token of the newest key", err, "")
						})
						time.Sleep(every / 5)
					}
				}
				group.Wait()
				if n, most := issuer.Requests(testutil.JWKS), int(time.Since(began)/(30*time.Second))+2; n > most {
					t.Errorf("%d fetches in %v, want at most %d", n, time.Since(began), most)
				}
				issuer.Retire()
				time.Sleep(5 * time.Minute) // what the issuer's answer may be kept
				_, err := v.Verify(t.Context(), first)
				want(t, "token of the first key", err, audience.CauseKeyUnknown)
			})
		})
	}
}

// TestReusedKeyID shows that an issuer may put a new key under an old name.
func TestReusedKeyID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		old := testutil.NewKey("ES256")
		publish := func(k *testutil.Key) {
			jwk := k.JWK()
			jwk["kid"] = "key"
			issuer.SetJWKS(fmt.Appendf(nil, `{"keys":[%s]}`, encode(t, jwk)))
		}
		signed := func(k *testutil.Key) string { return mint(issuer, testutil.SignedBy(k), testutil.Header("kid", "key")) }
		publish(old)
		_, err := v.Verify(t.Context(), signed(old))
		want(t, "old", err, "")
		next := testutil.NewKey("ES256")
		publish(next)
		_, err = v.Verify(t.Context(), signed(next))
		want(t, "new", err, "")
		_, err = v.Verify(t.Context(), signed(old))
		want(t, "old after new", err, audience.CauseSignatureInvalid)
	})
}
