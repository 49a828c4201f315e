package tokensource_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

var orders = tokensource.Request{Audience: "order-status"}

type answer = func(*http.Request, url.Values) (*http.Response, error)

// slow answers after d, unless the request ends first.
func slow(d time.Duration, f answer) answer {
	return func(r *http.Request, form url.Values) (*http.Response, error) {
		select {
		case <-time.After(d):
			return f(r, form)
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

func TestConcurrentCallersShareOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: slow(time.Second, good)}
		s := newSource(t, w)
		var callers sync.WaitGroup
		for range 1000 {
			callers.Go(func() {
				if _, err := s.Token(t.Context(), orders); err != nil {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		if w.count() != 1 || w.found != 1 {
			t.Errorf("got %d token requests and %d of discovery, want 1 and 1", w.count(), w.found)
		}
	})
}

// TestRefreshMakesNoCallerWait shows also that no caller gets a token near its end.
func TestRefreshMakesNoCallerWait(t *testing.T) {
	for _, life := range []time.Duration{4 * time.Second, 60 * time.Second, 300 * time.Second, time.Hour} {
		t.Run(life.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{}
				w.answer(slow(min(life/50, time.Second), always(reply(200, grant("t", fmt.Sprintf(`"expires_in":%d`, life/time.Second))))))
				s := newSource(t, w)
				if _, err := s.Token(t.Context(), orders); err != nil {
					t.Fatal(err)
				}
				margin := min(30*time.Second, life/4)
				for begin := time.Now(); time.Since(begin) < 10*life; time.Sleep(life / 100) {
					asked := time.Now()
					token, err := s.Token(t.Context(), orders)
					if err != nil || time.Since(asked) != 0 {
						t.Fatalf("after %v: waited %v, error %v", asked.Sub(begin), time.Since(asked), err)
					}
					if left := time.Until(token.Expiry()); left < margin {
						t.Fatalf("got a token with %v left, want %v", left, margin)
					}
				}
				if n := w.count(); n < 10 || n > 22 {
					t.Errorf("got %d token requests in ten lifetimes", n)
				}
			})
		})
	}
}

// TestRefreshTime shows when a token is refreshed: when 20 % of its lifetime is left,
// at least 60 s, at most half of it; and up to a fifth of that later.
func TestRefreshTime(t *testing.T) {
	for life, left := range map[time.Duration]time.Duration{
		2 * time.Second: time.Second, 60 * time.Second: 30 * time.Second, 300 * time.Second: 60 * time.Second, time.Hour: 12 * time.Minute,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := &wire{}
			w.answer(always(reply(200, grant("t", fmt.Sprintf(`"expires_in":%d`, life/time.Second)))))
			s, begin := newSource(t, w), time.Now()
			for w.count() < 2 {
				if _, err := s.Token(t.Context(), orders); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				time.Sleep(10 * time.Millisecond)
			}
			at := time.Since(begin) - 10*time.Millisecond
			if early, late := life-left, life-left*4/5+10*time.Millisecond; at < early || at > late || at < time.Second {
				t.Errorf("life %v: refreshed after %v, want between %v and %v", life, at, early, late)
			}
		})
	}
}

// TestRefreshTimesAreSpread shows that many clients do not refresh at the same time.
func TestRefreshTimesAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s := newSource(t, w)
		const n = 50
		for at := 0; at < 240; at++ {
			for i := range n {
				if _, err := s.Token(t.Context(), tokensource.Request{Audience: fmt.Sprint(i)}); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Second)
		}
		for i := range n {
			if _, err := s.Token(t.Context(), tokensource.Request{Audience: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if got := w.count() - n; got > n/2 {
			t.Errorf("%d of %d tokens are refreshed at the earliest time", got, n)
		}
	})
}

func TestShortLivedTokenCausesNoFetchLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: always(reply(200, grant("t", `"expires_in":1`)))}
		s := newSource(t, w)
		for range 1000 {
			if _, err := s.Token(t.Context(), orders); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if got := w.count(); got > 14 {
			t.Errorf("got %d token requests in 10 s, want at most 14", got)
		}
	})
}

func TestIdleTokenIsNotRefreshed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s := newSource(t, w)
		_, err := s.Token(t.Context(), orders)
		time.Sleep(time.Hour)
		if err != nil || w.count() != 1 {
			t.Errorf("got %d token requests, %v, want 1", w.count(), err)
		}
	})
}

// TestWaitersHaveTheirOwnDeadlines shows also that a caller which leaves does not end
// the request of the others.
func TestWaitersHaveTheirOwnDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: slow(2*time.Second, good)}
		s := newSource(t, w)
		ended, cancel := context.WithCancel(t.Context())
		var waiters sync.WaitGroup
		waiters.Go(func() {
			if _, err := s.Token(ended, orders); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: got %v", err)
			}
		})
		synctest.Wait()
		for range 10 {
			waiters.Go(func() {
				if token, err := s.Token(t.Context(), orders); err != nil || token.IsZero() {
					t.Errorf("waiter: got %v", err)
				}
			})
			waiters.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				begin := time.Now()
				_, err := s.Token(ctx, orders)
				if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, tokensource.ErrUnavailable) || time.Since(begin) != time.Second {
					t.Errorf("waiter with a deadline: got %v after %v", err, time.Since(begin))
				}
			})
		}
		cancel()
		waiters.Wait()
		if w.count() != 1 {
			t.Errorf("got %d token requests, want 1", w.count())
		}
		if _, err := s.Token(ended, orders); err != nil {
			t.Errorf("a cached token needs no wait: got %v", err)
		}
		if _, err := s.Token(ended, tokensource.Request{Audience: "other"}); !errors.Is(err, context.Canceled) {
			t.Errorf("cold and cancelled: got %v", err)
		}
		synctest.Wait()
		if w.count() != 1 {
			t.Error("a cancelled caller starts a request")
		}
	})
}

// TestHangingIssuerIsUnavailableAfter10s shows also that the error is not taken for the
// caller's own deadline.
func TestHangingIssuerIsUnavailableAfter10s(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{token: slow(time.Hour, good)}
		s, begin := newSource(t, w), time.Now()
		_, err := s.Token(t.Context(), orders)
		if !errors.Is(err, tokensource.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want ErrUnavailable alone", err)
		}
		if time.Since(begin) != 10*time.Second {
			t.Errorf("took %v, want 10 s", time.Since(begin))
		}
		w.answer(good)
		time.Sleep(2 * time.Second)
		if _, err := s.Token(t.Context(), orders); err != nil {
			t.Errorf("after recovery: %v", err)
		}
	})
}
