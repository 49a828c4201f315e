package interceptor_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/racedetector"
	"github.com/grpcaud/grpcaud/testutil"
)

// silent turns the log off: under load the test would otherwise measure only the log.
func silent(a *testbed) {
	a.options = append(a.options, interceptor.Logger(slog.New(slog.DiscardHandler)))
}

// burst makes perSecond calls a second, unary and streaming in turn, for some time,
// and returns when all have ended. No call waits for another.
func burst(a *testbed, perSecond int, lasting time.Duration, send func(*testbed) []string, ended func(error, time.Duration)) {
	either := []shape{shapes["unary"], shapes["stream"]}
	var group sync.WaitGroup
	for n := range perSecond * int(lasting/time.Second) {
		values := send(a)
		group.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			began := time.Now()
			err := either[n%2](bearing(ctx, values...), a.conn)
			ended(err, time.Since(began))
		})
		time.Sleep(time.Second / time.Duration(perSecond))
	}
	group.Wait()
}

// TestFloodsDisturbNoGoodCall shows that good calls are not delayed or refused during
// a flood of forged tokens.
func TestFloodsDisturbNoGoodCall(t *testing.T) {
	unknown := forging(func(_, payload, signature string) string {
		header := fmt.Appendf(nil, `{"alg":"ES256","typ":"at+jwt","kid":"%x"}`, rand.Uint64())
		return base64url.EncodeToString(header) + "." + payload + "." + signature
	})
	spoilt := forging(func(header, payload, signature string) string {
		return header + "." + payload + fmt.Sprintf(".%016x", rand.Uint64()) + signature[16:]
	})
	either := func(a *testbed) []string {
		if rand.IntN(2) == 0 {
			return unknown(a)
		}
		return spoilt(a)
	}
	for _, row := range []flood{
		{"flood of unknown keys/10 000 of unknown keys in 10 s", unknown, 1000, 10 * time.Second, 2}, // the last wait for the next one
		{"flood of bad signatures/10 000 bad signatures in 10 s", spoilt, 1000, 10 * time.Second, 1},
		{"flood of bad signatures/beside unknown keys, for two minutes", either, 10, 2 * time.Minute, 6},
	} {
		if testing.Short() || racedetector.On {
			row.perSecond = min(row.perSecond, 100)
		}
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { row.come(t, newTestbed(t, silent)) })
		})
	}
}

// flood is a number of attacks in a short time.
type flood struct {
	name      string
	send      func(*testbed) []string
	perSecond int
	lasting   time.Duration
	most      int // requests to the issuer
}

// come runs the flood beside good calls, and checks that these are not affected.
func (f flood) come(t *testing.T, a *testbed) {
	a.admits(t, "before", shapes["unary"])
	asked := a.asked()
	var group sync.WaitGroup
	group.Go(func() {
		burst(a, f.perSecond/10, f.lasting, a.good, func(err error, took time.Duration) {
			if err != nil || took > 0 {
				t.Errorf("a good call took %v: %v", took, err)
			}
		})
	})
	burst(a, f.perSecond, f.lasting, f.send, func(err error, _ time.Duration) {
		if err == nil {
			t.Error("admitted")
		}
	})
	group.Wait()
	if got := a.asked() - asked; got > f.most {
		t.Errorf("the issuer was asked %d times, want at most %d", got, f.most)
	}
}

// forging changes one good token again and again, each time in another way.
func forging(spoil func(header, payload, signature string) string) func(*testbed) []string {
	parts := sync.OnceValue(func() []string {
		return strings.Split(testutil.NewIssuer(corp).Mint(read(nil), testutil.SignedBy(ownKey)), ".")
	})
	return func(*testbed) []string {
		p := parts()
		return []string{"Bearer " + spoil(p[0], p[1], p[2])}
	}
}

// TestRotationUnderLoad shows a rotation in which the new key signs at once, and the
// old key is removed when the last token with it has ended. No good call is refused,
// each key costs at most one request, and a removed key is refused after the next
// refresh.
func TestRotationUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newTestbed(t, silent)
		next := testutil.NewKey("ES256").As("2", "ES256")
		go func() {
			time.Sleep(20 * time.Second)
			a.Use(next)
			time.Sleep(5 * time.Minute)
			a.Retire()
		}()
		burst(a, 5, 10*time.Minute, a.good, func(err error, took time.Duration) {
			if err != nil || took > 0 {
				t.Errorf("a good call took %v: %v", took, err)
			}
		})
		const first, refreshes, unknown = 2, 3, 1
		if got := a.asked(); got > first+refreshes+unknown {
			t.Errorf("the issuer was asked %d times, want at most %d", got, first+refreshes+unknown)
		}
		err := shapes["unary"](bearing(t.Context(), token(nil, testutil.SignedBy(ownKey))(a)...), a.conn)
		if got, want := verdictOf(err), keyUnknown.verdict; got != want {
			t.Errorf("by the key that is gone: %v, want %v", got, want)
		}
	})
}

// TestKeysThatChangeEachSecondAreFollowed shows that with a new key in each second,
// calls wait for the next request that is allowed, and no goroutine is left.
func TestKeysThatChangeEachSecondAreFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newTestbed(t, silent)
		a.admits(t, "before", shapes["unary"])
		asked, goroutines := a.asked(), runtime.NumGoroutine()
		go func() {
			for range 60 {
				a.Rotate("ES256")
				time.Sleep(time.Second)
			}
		}()
		burst(a, 5, time.Minute, a.good, func(err error, took time.Duration) {
			if err != nil || took > 31*time.Second {
				t.Errorf("a good call took %v: %v", took, err)
			}
		})
		synctest.Wait()
		if got := a.asked() - asked; got > 4 {
			t.Errorf("the issuer was asked %d times, want at most one in 30 seconds", got)
		}
		if got := runtime.NumGoroutine(); got > goroutines+5 {
			t.Errorf("%d goroutines, %d before", got, goroutines)
		}
	})
}

// TestChangesOfKeysAndPolicyRefuseNoGoodCall shows that no good call is refused while
// keys and policy change.
func TestChangesOfKeysAndPolicyRefuseNoGoodCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newTestbed(t, silent)
		var done atomic.Bool
		var group, calls sync.WaitGroup
		group.Go(func() {
			for lifetime := time.Hour; !done.Load(); lifetime += time.Second {
				m := a.matrix
				m.Issuers = map[string]access.Issuer{"corp": {URL: corp, MaxLifetime: lifetime}, "partner": m.Issuers["partner"]}
				policy, err := access.New(m)
				if err == nil {
					err = a.server.Swap(policy)
				}
				if err != nil {
					t.Error(err)
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
		group.Go(func() {
			for !done.Load() {
				a.Rotate("ES256")
				time.Sleep(45 * time.Second)
			}
		})
		for _, call := range shapes {
			for range 4 {
				calls.Go(func() { reloaded(t, a, call) })
			}
		}
		calls.Wait()
		done.Store(true)
		group.Wait()
	})
}

// reloaded makes good calls, one after the other.
func reloaded(t *testing.T, a *testbed, call shape) {
	for range 200 {
		if err := call(bearing(context.Background(), a.good(a)...), a.conn); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(time.Second))))
	}
}
