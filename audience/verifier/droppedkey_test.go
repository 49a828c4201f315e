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

// lasting mints a token that lives for a day.
func lasting(issuer *testutil.Issuer, opts ...testutil.MintOption) string {
	return issuer.Mint(testutil.Claims{"aud": "order-status", "sub": "alice", "client_id": "customer-portal", "exp": time.Now().Add(24 * time.Hour).Unix()}, opts...)
}

// atOnce verifies a token, and fails the test if that took time.
func atOnce(t *testing.T, what string, v *verifier.Verifier, token string, cause audience.Cause) {
	t.Helper()
	began := time.Now()
	_, err := v.Verify(t.Context(), token)
	want(t, what, err, cause)
	if took := time.Since(began); took != 0 {
		t.Errorf("%s: took %v, want no wait", what, took)
	}
}

// TestDroppedKeyIsRefusedAtOnce shows that no call waits whose token has a key that is
// known to be dropped, however the verifier has learned of that, and that such tokens
// cause no more fetches than others.
func TestDroppedKeyIsRefusedAtOnce(t *testing.T) {
	for name, learn := range map[string]func(*testing.T, *testutil.Issuer, *verifier.Verifier, string) *verifier.Verifier{
		"by its own fetch": func(_ *testing.T, _ *testutil.Issuer, v *verifier.Verifier, _ string) *verifier.Verifier {
			time.Sleep(time.Hour)
			return v
		},
		"by a stranger's token": func(t *testing.T, issuer *testutil.Issuer, v *verifier.Verifier, _ string) *verifier.Verifier {
			_, err := v.Verify(t.Context(), stranger(issuer))
			want(t, "stranger", err, audience.CauseKeyUnknown)
			return v
		},
		"by the same token, after a restart": func(t *testing.T, issuer *testutil.Issuer, _ *verifier.Verifier, old string) *verifier.Verifier {
			v := newVerifier(t, issuer)
			_, err := v.Verify(t.Context(), old)
			want(t, "first", err, audience.CauseKeyUnknown)
			return v
		},
		"by a new token, a while after a restart": func(t *testing.T, issuer *testutil.Issuer, _ *verifier.Verifier, old string) *verifier.Verifier {
			v := newVerifier(t, issuer)
			time.Sleep(time.Minute)
			_, err := v.Verify(t.Context(), mint(issuer))
			want(t, "new", err, "")
			_, err = v.Verify(t.Context(), stranger(issuer))
			want(t, "stranger", err, audience.CauseKeyUnknown)
			return v
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				v, old := newVerifier(t, issuer), lasting(issuer)
				_, err := v.Verify(t.Context(), old)
				want(t, "published", err, "")
				issuer.Rotate("ES256")
				issuer.Retire()
				v = learn(t, issuer, v, old)
				before, began := issuer.Requests(testutil.JWKS), time.Now()
				for range 300 {
					atOnce(t, "dropped", v, old, audience.CauseKeyUnknown)
					time.Sleep(time.Second)
				}
				if n, most := issuer.Requests(testutil.JWKS)-before, int(time.Since(began)/(30*time.Second))+3; n > most {
					t.Errorf("%d fetches, want at most %d", n, most)
				}
				atOnce(t, "new key", v, mint(issuer), "")
			})
		})
	}
}

// TestDroppedKeyWithoutAKid shows the same for keys and tokens without kid, and for a
// key that was replaced by another one with its kid.
func TestDroppedKeyWithoutAKid(t *testing.T) {
	for _, kid := range []any{nil, "key"} {
		t.Run(fmt.Sprint(kid), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				v := newVerifier(t, issuer)
				old, next := testutil.NewKey("ES256"), testutil.NewKey("ES256")
				issuer.SetJWKS(jwks(t, changed(old, map[string]any{"kid": kid})))
				token := lasting(issuer, testutil.SignedBy(old), testutil.Header("kid", kid))
				_, err := v.Verify(t.Context(), token)
				want(t, "published", err, "")
				issuer.SetJWKS(jwks(t, changed(next, map[string]any{"kid": kid})))
				_, err = v.Verify(t.Context(), stranger(issuer)) // has the new set fetched
				want(t, "stranger", err, audience.CauseKeyUnknown)
				for range 3 {
					atOnce(t, "dropped", v, token, audience.CauseSignatureInvalid)
					time.Sleep(time.Second) // what was refused is not remembered longer
				}
			})
		})
	}
}

// TestEndedTokenDoesNotWait shows that a call with a token whose exp has passed does
// not wait, whether its key is in memory or not.
func TestEndedTokenDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		issuer.Fault(testutil.Discovery, testutil.RespondNever())
		ended := func(ago time.Duration, opts ...testutil.MintOption) string {
			return issuer.Mint(testutil.Claims{"aud": "x", "sub": "a", "client_id": "c", "iat": time.Now().Add(-ago - time.Hour).Unix(), "exp": time.Now().Add(-ago).Unix()}, opts...)
		}
		v := newVerifier(t, issuer)
		atOnce(t, "no keys at hand", v, ended(31*time.Second), audience.CauseExpired)
		issuer.Fault(testutil.Discovery, nil)
		_, err := v.Verify(t.Context(), ended(30*time.Second))
		want(t, "within the leeway", err, "")
		atOnce(t, "genuine", v, ended(time.Hour), "")
		_, err = v.Verify(t.Context(), stranger(issuer))
		want(t, "stranger", err, audience.CauseKeyUnknown)
		undated := func(ago time.Duration, kid string) string {
			return issuer.Mint(testutil.Claims{"iat": nil, "exp": time.Now().Add(-ago).Unix()}, testutil.Header("kid", kid))
		}
		for n := range 300 {
			atOnce(t, "of an unknown key", v, undated(31*time.Second, fmt.Sprint(n)), audience.CauseExpired)
		}
		began := time.Now()
		_, err = v.Verify(t.Context(), undated(29*time.Second, "new"))
		want(t, "within the leeway, of an unknown key", err, audience.CauseKeyUnknown)
		if time.Since(began) == 0 {
			t.Error("within the leeway, of an unknown key: did not wait")
		}
	})
}

// TestEndedTokenByLeeway shows that the issuer's leeway counts, also after a change of
// the leeway alone.
func TestEndedTokenByLeeway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		issuer.Down()
		v := newVerifier(t, issuer)
		token := issuer.Mint(testutil.Claims{"exp": time.Now().Add(-time.Minute).Unix()})
		atOnce(t, "30 s", v, token, audience.CauseExpired)
		if err := v.Replace([]access.Issuer{{URL: corp, Leeway: 2 * time.Minute}}); err != nil {
			t.Fatal(err)
		}
		atOnce(t, "2 min", v, token, audience.CauseKeysUnavailable)
	})
}

// TestCallIsToldInTimeThatItsKeyIsUnknown shows that a call whose token's key is not
// known shortly before its deadline gets an answer with the time of a retry, and that
// a cancelled call gets the error of its context.
func TestCallIsToldInTimeThatItsKeyIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newIssuer()
		v := newVerifier(t, issuer)
		_, err := v.Verify(t.Context(), mint(issuer))
		want(t, "good", err, "")
		_, err = v.Verify(t.Context(), stranger(issuer))
		want(t, "stranger", err, audience.CauseKeyUnknown)
		spent := time.Now()
		for _, row := range []struct{ deadline, answered time.Duration }{
			{100 * time.Millisecond, 90 * time.Millisecond},
			{time.Second, 900 * time.Millisecond},
			{10 * time.Second, 9750 * time.Millisecond},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), row.deadline)
			left, began := 30*time.Second-time.Since(spent), time.Now()
			_, err := v.Verify(ctx, stranger(issuer))
			cancel()
			want(t, "never seen", err, audience.CauseKeysUnavailable)
			if took := time.Since(began); took != row.answered || retryAfter(err) != left-took {
				t.Errorf("deadline %v: answered after %v, to come again after %v; want %v and %v", row.deadline, took, retryAfter(err), row.answered, left-row.answered)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		time.AfterFunc(time.Second, cancel)
		if _, err := v.Verify(ctx, stranger(issuer)); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: Verify = %v", err)
		}
		cancel()
	})
}

// TestNewKeyInFullQueue shows that a call with a token of a new key can wait even if
// many calls with unknown tokens wait already.
func TestNewKeyInFullQueue(t *testing.T) {
	for name, kids := range map[string]int{"a kid each": 300, "20 kids": 20, "one kid": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				v := newVerifier(t, issuer)
				atOnce(t, "known", v, lasting(issuer), "")
				_, err := v.Verify(t.Context(), stranger(issuer))
				want(t, "stranger", err, audience.CauseKeyUnknown)
				time.Sleep(27 * time.Second)
				var group sync.WaitGroup
				for n := range 300 {
					group.Go(func() { v.Verify(t.Context(), lasting(issuer, testutil.Header("kid", fmt.Sprint(n%kids)))) })
				}
				synctest.Wait()
				issuer.Rotate("ES256")
				began := time.Now()
				for range 3 {
					group.Go(func() {
						_, err := v.Verify(t.Context(), lasting(issuer))
						want(t, "new key", err, "")
						if took := time.Since(began); took != 3*time.Second {
							t.Errorf("admitted after %v, want when the keys come", took)
						}
					})
				}
				group.Wait()
			})
		})
	}
}

// TestKeyPublishedLate shows that a call waits whose token is newer than the present
// set, although tokens with its kid were refused before: the issuer may have published
// the key meanwhile.
func TestKeyPublishedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer, late := newIssuer(), testutil.NewKey("ES256")
		v := newVerifier(t, issuer)
		early := lasting(issuer, testutil.SignedBy(late))
		_, err := v.Verify(t.Context(), early)
		want(t, "not yet published", err, audience.CauseKeyUnknown)
		time.Sleep(5 * time.Second)
		_, err = v.Verify(t.Context(), lasting(issuer, testutil.SignedBy(late)))
		want(t, "newer, and still not published", err, audience.CauseKeyUnknown)
		atOnce(t, "as old as the set", v, early, audience.CauseKeyUnknown)
		time.Sleep(5 * time.Second)
		issuer.Use(late)
		_, err = v.Verify(t.Context(), lasting(issuer))
		want(t, "newer, and published", err, "")
		atOnce(t, "old, and published", v, early, "")
	})
}

// TestKeyOfStaleNode shows that a key which was missing in one answer is accepted
// again within a cool-down, and at once if unknown tokens have caused no fetch.
// Meanwhile its tokens are refused at once.
func TestKeyOfStaleNode(t *testing.T) {
	for name, spent := range map[string]bool{"allowance spent": true, "allowance at hand": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				v, token := newVerifier(t, issuer), lasting(issuer)
				_, err := v.Verify(t.Context(), token)
				want(t, "good", err, "")
				issuer.SetJWKS(jwks(t, testutil.NewKey("ES256").JWK()))
				if spent {
					_, err = v.Verify(t.Context(), stranger(issuer))
					want(t, "stranger", err, audience.CauseKeyUnknown)
				} else {
					changes(v, time.Hour)
				}
				issuer.SetJWKS(nil)
				began := time.Now()
				atOnce(t, "a stale node has answered", v, token, audience.CauseKeyUnknown)
				for err = errors.New("not yet"); err != nil && time.Since(began) < time.Hour; _, err = v.Verify(t.Context(), token) {
					time.Sleep(time.Second)
				}
				most := time.Second
				if spent {
					most = 31 * time.Second
				}
				if locked := time.Since(began); locked > most {
					t.Errorf("locked out for %v, want at most %v", locked, most)
				}
			})
		})
	}
}

// TestNewKeyBesideFloods shows that during a flood of unknown tokens, calls with known
// keys do not wait, and a token of a new key is admitted within one cool-down.
func TestNewKeyBesideFloods(t *testing.T) {
	for name, forged := range map[string]func(*testutil.Issuer, int) string{
		"a kid each":    func(i *testutil.Issuer, n int) string { return lasting(i, testutil.Header("kid", fmt.Sprint(n))) },
		"one kid":       func(i *testutil.Issuer, _ int) string { return lasting(i, testutil.Header("kid", "one")) },
		"20 kids":       func(i *testutil.Issuer, n int) string { return lasting(i, testutil.Header("kid", fmt.Sprint(n%20))) },
		"the known kid": func(i *testutil.Issuer, _ int) string { return swapPayload(lasting(i), lasting(i)) },
		"the next kid":  func(i *testutil.Issuer, n int) string { return swapPayload(lasting(i, nextKey), lasting(i)) },
		"without a kid": func(i *testutil.Issuer, n int) string { return swapPayload(lasting(i, noKid), lasting(i)) },
		"of the future": func(i *testutil.Issuer, n int) string {
			return i.Mint(testutil.Claims{"iat": time.Now().Add(time.Hour).Unix(), "exp": time.Now().Add(9 * time.Hour).Unix()}, testutil.Header("kid", fmt.Sprint(n)))
		},
		"without a date": func(i *testutil.Issuer, n int) string {
			return i.Mint(testutil.Claims{"iat": nil, "exp": nil}, testutil.Header("kid", fmt.Sprint(n)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newIssuer()
				v := newVerifier(t, issuer, verifier.Cache(0))
				known := lasting(issuer)
				atOnce(t, "known", v, known, "")
				ctx, stop := context.WithCancel(t.Context())
				var group sync.WaitGroup
				for n := range 300 {
					group.Go(func() {
						for m := n; ctx.Err() == nil; m += 300 {
							v.Verify(ctx, forged(issuer, m))
							time.Sleep(2 * time.Second)
						}
					})
				}
				time.Sleep(7 * time.Second)
				issuer.Use(theNext)
				began, next := time.Now(), lasting(issuer)
				for tries := 0; ; tries++ {
					call, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					asked := time.Now()
					_, err := v.Verify(call, next)
					cancel()
					if tries == 0 && time.Since(asked) == 0 && name != "the next kid" { // whose calls are one group with the token's
						t.Error("the first call is refused at once, want it to wait")
					}
					if err == nil {
						break
					}
					if time.Since(began) > time.Minute {
						t.Errorf("not admitted after %v: %v", time.Since(began), err)
						break
					}
					want(t, "new key, not yet known", err, audience.CauseKeysUnavailable)
					atOnce(t, "known", v, known, "")
					time.Sleep(min(time.Second, max(retryAfter(err), time.Millisecond)))
				}
				if took := time.Since(began); took > 31*time.Second {
					t.Errorf("admitted after %v, want a cool-down at most", took)
				}
				stop()
				group.Wait()
				if n := v.SeenKids(); n > verifier.MaxSeen {
					t.Errorf("%d kids are remembered, want %d at most", n, verifier.MaxSeen)
				}
			})
		})
	}
}

var (
	theNext = testutil.NewKey("ES256")
	nextKey = testutil.SignedBy(theNext)
	noKid   = testutil.Header("kid", nil)
)
