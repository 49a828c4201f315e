package verifier_test

import (
	"context"
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

// limiter is a slow issuer that answers 429 to more requests than it allows.
type limiter struct {
	next    http.RoundTripper
	latency time.Duration
	allow   func(now time.Time) bool // nil for any
	header  http.Header

	mu              sync.Mutex // guards what follows
	asked, denied   int
	underway, crowd int
}

func (l *limiter) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost {
		return l.next.RoundTrip(r)
	}
	l.mu.Lock()
	allowed := l.allow == nil || l.allow(time.Now())
	l.asked++
	if !allowed {
		l.denied++
	}
	l.underway++
	l.crowd = max(l.crowd, l.underway)
	l.mu.Unlock()
	select {
	case <-time.After(l.latency):
	case <-r.Context().Done():
	}
	l.mu.Lock()
	l.underway--
	l.mu.Unlock()
	switch {
	case r.Context().Err() != nil:
		return nil, r.Context().Err()
	case !allowed:
		return &http.Response{StatusCode: http.StatusTooManyRequests, Body: http.NoBody, Header: l.header.Clone()}, nil
	}
	return l.next.RoundTrip(r)
}

// window allows this many requests in each second.
func window(rate int) func(time.Time) bool {
	var second int64
	n := 0
	return func(now time.Time) bool {
		if now.Unix() != second {
			second, n = now.Unix(), 0
		}
		n++
		return n <= rate
	}
}

// bucket allows this many requests a second, and a tenth of that at once.
func bucket(rate float64) func(time.Time) bool {
	left, at := rate/10, time.Now()
	return func(now time.Time) bool {
		left, at = min(left+now.Sub(at).Seconds()*rate, rate/10), now
		if left < 1 {
			return false
		}
		left--
		return true
	}
}

// besideStrangers runs a test while unknown peers present a token each, again and
// again.
func besideStrangers(t *testing.T, v *verifier.Verifier, strangers int, pause time.Duration, work func()) {
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for s := range strangers {
		group.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				v.Verify(ctx, fmt.Sprintf("garbage%d-%d", s, n))
				time.Sleep(pause)
			}
		})
	}
	time.Sleep(time.Second)
	work()
	stop()
	group.Wait()
}

// TestGoodTokensBesideStrangers shows that all of 300 good tokens are accepted within
// their deadlines beside 200 unknown peers, whether the tokens are new or were active
// before, also at an issuer that limits its requests.
func TestGoodTokensBesideStrangers(t *testing.T) {
	const calls, deadline = 300, 5 * time.Second
	for name, issuer := range map[string]func() *limiter{
		"100 ms":                  func() *limiter { return &limiter{latency: 100 * time.Millisecond} },
		"20 ms, 100 in a second":  func() *limiter { return &limiter{latency: 20 * time.Millisecond, allow: window(100)} },
		"100 ms, 100 in a second": func() *limiter { return &limiter{latency: 100 * time.Millisecond, allow: window(100)} },
		"20 ms, 100 each second":  func() *limiter { return &limiter{latency: 20 * time.Millisecond, allow: bucket(100)} },
		"100 ms, 100 each second": func() *limiter { return &limiter{latency: 100 * time.Millisecond, allow: bucket(100)} },
		"with Retry-After": func() *limiter {
			return &limiter{latency: 20 * time.Millisecond, allow: window(100), header: http.Header{"Retry-After": {"1"}}}
		},
	} {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/active before %v", name, known), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					opaque, wire := newOpaque(t), issuer()
					wire.next = opaque.Transport()
					v := verifierOf(t, []access.Issuer{opaque.config()}, verifier.Transport(wire))
					tokens := make([]string, calls)
					for n := range tokens {
						if tokens[n] = opaque.token(); known {
							time.Sleep(20 * time.Millisecond)
							_, err := v.Verify(t.Context(), tokens[n])
							want(t, "before", err, "")
						}
					}
					if known {
						time.Sleep(2 * time.Minute) // no earlier answer counts any more
					}
					besideStrangers(t, v, 200, time.Millisecond, func() {
						var group sync.WaitGroup
						for _, token := range tokens {
							group.Go(func() {
								ctx, cancel := context.WithTimeout(t.Context(), deadline)
								defer cancel()
								began := time.Now()
								if _, err := v.Verify(ctx, token); err != nil {
									t.Errorf("a good token is refused after %v: %v", time.Since(began), err)
								}
							})
							time.Sleep(33 * time.Millisecond)
						}
						group.Wait()
					})
					wire.mu.Lock()
					defer wire.mu.Unlock()
					if most := verifier.MaxAsking + verifier.MaxReserved; wire.crowd > most {
						t.Errorf("%d questions at once, want %d at most", wire.crowd, most)
					}
					t.Logf("%d questions, %d of them answered by 429", wire.asked, wire.denied)
					if wire.denied > wire.asked/2 {
						t.Errorf("%d of %d questions were too many for the issuer, want fewer", wire.denied, wire.asked)
					}
				})
			})
		}
	}
}

// TestFirstAnswerIs429 shows that a 429 that arrives before the first answer of an
// issuer slows the requests down, and does not count as an outage.
func TestFirstAnswerIs429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opaque, asked := newOpaque(t), 0
		var mu sync.Mutex // guards asked
		wire := roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodPost {
				return opaque.Transport().RoundTrip(r)
			}
			mu.Lock()
			asked++
			first, limited := asked == 1, asked == 2
			mu.Unlock()
			switch {
			case first:
				time.Sleep(100 * time.Millisecond)
			case limited:
				return &http.Response{StatusCode: http.StatusTooManyRequests, Body: http.NoBody, Header: http.Header{}}, nil
			}
			return opaque.Transport().RoundTrip(r)
		})
		v := verifierOf(t, []access.Issuer{opaque.config()}, verifier.Transport(wire))
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				_, err := v.Verify(t.Context(), opaque.token())
				want(t, "good", err, "")
			})
			synctest.Wait()
		}
		group.Wait()
	})
}

// TestKnownTokensBesideManyStrangers shows that tokens which were active before have
// capacity of their own beside any number of unknown peers, who get the time of a
// retry.
func TestKnownTokensBesideManyStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opaque := newOpaque(t)
		wire := &limiter{next: opaque.Transport(), latency: 100 * time.Millisecond}
		v := verifierOf(t, []access.Issuer{opaque.config()}, verifier.Transport(wire))
		var tokens []string
		for range 300 {
			tokens = append(tokens, opaque.token())
			_, err := v.Verify(t.Context(), tokens[len(tokens)-1])
			want(t, "before", err, "")
		}
		time.Sleep(2 * time.Minute)
		besideStrangers(t, v, 1500, 50*time.Millisecond, func() {
			// At the moment of an answer there is a place, and whoever asks just then may
			// have it. So these come at moments of their own, and do not wait for long.
			const apart = 10 * time.Millisecond
			beyond := 0
			for n := range 50 {
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), apart)
				_, err := v.Verify(ctx, fmt.Sprint("beyond-capacity-", n))
				cancel()
				if retryAfter(err) > 0 && time.Since(began) == 0 {
					want(t, "beyond capacity", err, audience.CauseIntrospectionUnavailable)
					beyond++
				}
				time.Sleep(apart - time.Since(began))
			}
			if beyond == 0 {
				t.Error("no stranger is told to come again, want those beyond capacity to be")
			}
			var group sync.WaitGroup
			for _, token := range tokens {
				group.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
					defer cancel()
					_, err := v.Verify(ctx, token)
					want(t, "known", err, "")
				})
			}
			group.Wait()
		})
	})
}

// TestStaleAnswersServeForSixtySeconds shows that tokens which were active shortly
// before are accepted for at most 60 s while the issuer cannot be asked, almost
// without delay; that a revoked one is not; and that the stats count this.
func TestStaleAnswersServeForSixtySeconds(t *testing.T) {
	for name, fault := range map[string]http.Handler{
		"down": nil, "429": testutil.RespondStatus(429), "503": testutil.RespondStatus(503), "500": testutil.RespondStatus(500), "hanging": testutil.RespondNever(),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := newOpaque(t)
				v, token, revoked := issuer.verifier(t), issuer.token(), issuer.token()
				for _, token := range []string{token, revoked} {
					_, err := v.Verify(t.Context(), token)
					want(t, "active", err, "")
				}
				time.Sleep(30 * time.Second)
				issuer.Revoke(revoked)
				_, err := v.Verify(t.Context(), revoked)
				want(t, "revoked", err, audience.CauseTokenInactive)
				if issuer.Fault(testutil.Introspection, fault); fault == nil {
					issuer.Down()
				}
				stale := 0
				for began := time.Now(); time.Since(began) < 59*time.Second; time.Sleep(time.Second) {
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
					asked := time.Now()
					_, err := v.Verify(ctx, token)
					cancel()
					want(t, "active a moment ago", err, "")
					if stale++; time.Since(asked) > time.Second {
						t.Errorf("admitted after %v", time.Since(asked))
					}
				}
				if f := v.Stats()[0]; f.Stale != uint64(stale) {
					t.Errorf("%d stale answers counted, want %d", f.Stale, stale)
				}
				time.Sleep(2 * time.Second)
				_, err = v.Verify(t.Context(), token)
				want(t, "active too long ago", err, audience.CauseIntrospectionUnavailable)
				_, err = v.Verify(t.Context(), revoked)
				want(t, "revoked, in the outage", err, audience.CauseIntrospectionUnavailable)
			})
		})
	}
}

// TestStaleNotBeyondExpiry shows that no answer counts for longer than its token
// lives.
func TestStaleNotBeyondExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := newOpaque(t)
		v, token := issuer.verifier(t, verifier.IntrospectionTTL(time.Hour)), issuer.token()
		claims, err := v.Verify(t.Context(), token)
		want(t, "active", err, "")
		issuer.Down()
		time.Sleep(time.Until(claims.Expiry()) - 1)
		_, err = v.Verify(t.Context(), token)
		want(t, "alive", err, "")
		time.Sleep(time.Nanosecond)
		_, err = v.Verify(t.Context(), token)
		want(t, "ended", err, audience.CauseIntrospectionUnavailable)
	})
}

// TestCancelledCallDelaysNoOther shows that an unknown peer whose call ends delays no
// other call, and that a cancelled call gets the error of its context.
func TestCancelledCallDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opaque := newOpaque(t)
		wire := &limiter{next: opaque.Transport(), latency: time.Second}
		v := verifierOf(t, []access.Issuer{opaque.config()}, verifier.Transport(wire))
		if err := v.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for n := range 500 {
			group.Go(func() {
				if _, err := v.Verify(ctx, fmt.Sprintf("garbage%d", n)); err != context.Canceled {
					t.Errorf("Verify = %v, want it cancelled", err)
				}
			})
		}
		synctest.Wait()
		leave()
		group.Wait()
		began := time.Now()
		_, err := v.Verify(t.Context(), opaque.token())
		want(t, "good", err, "")
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("admitted after %v, want 2 s: one for those under way", took)
		}
		wire.mu.Lock()
		defer wire.mu.Unlock()
		if wire.asked != verifier.MaxAsking+1 {
			t.Errorf("%d questions, want %d", wire.asked, verifier.MaxAsking+1)
		}
	})
}
