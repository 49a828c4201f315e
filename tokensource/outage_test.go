package tokensource_test

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

func TestFailuresAreRememberedEverLonger(t *testing.T) {
	for name, f := range map[string]answer{
		"outage":   always(reply(500, "")),
		"refusal":  always(reply(400, `{"error":"invalid_target"}`)),
		"mismatch": always(reply(200, grant(jwt(`{"aud":"other"}`), `"expires_in":300`))),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{token: f}
				s, begin := newSource(t, w), time.Now()
				var at []time.Duration
				for len(at) < 15 {
					if _, err := s.Token(t.Context(), orders); err == nil {
						t.Fatal("got a token")
					}
					if w.count() > len(at) {
						at = append(at, time.Since(begin))
					}
					time.Sleep(10 * time.Millisecond)
				}
				want, spread := float64(time.Second), false
				for i := 1; i < len(at); i++ {
					got := float64(at[i] - at[i-1])
					if got < 0.8*want || got > min(1.2*want, float64(120*time.Second))+2e7 {
						t.Errorf("pause %d: got %v, want %v ± 20 %%", i, time.Duration(got), time.Duration(want))
					}
					spread = spread || math.Abs(got/want-1) > 0.03
					want = min(want*1.6, float64(120*time.Second))
				}
				if !spread {
					t.Error("the pauses do not vary")
				}
				w.answer(good)
				time.Sleep(2 * time.Minute)
				if _, err := s.Token(t.Context(), orders); err != nil {
					t.Errorf("after recovery: %v", err)
				}
			})
		})
	}
}

// TestCachedTokenOutlivesAnOutage shows that a token is used to its end while refreshes
// fail and back off.
func TestCachedTokenOutlivesAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s, begin := newSource(t, w), time.Now()
		if _, err := s.Token(t.Context(), orders); err != nil {
			t.Fatal(err)
		}
		w.answer(always(reply(503, "")))
		for ; time.Since(begin) < 270*time.Second; time.Sleep(time.Second / 10) {
			if _, err := s.Token(t.Context(), orders); err != nil {
				t.Fatalf("after %v: %v", time.Since(begin), err)
			}
		}
		if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrUnavailable) {
			t.Errorf("at the end: got %v, want ErrUnavailable", err)
		}
		if n := w.count(); n < 3 || n > 8 {
			t.Errorf("got %d token requests, want some, with pauses", n)
		}
	})
}

func TestUnreliableIssuerMakesNoCallerWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		w := &wire{}
		w.answer(func(r *http.Request, form url.Values) (*http.Response, error) {
			switch n.Add(1) % 4 {
			case 0:
				return nil, errors.New("connection reset")
			case 2:
				return reply(500, "")(r)
			case 3:
				return reply(200, `{"access_token":"trunc`)(r)
			}
			return good(r, form)
		})
		s := newSource(t, w)
		for begin := time.Now(); time.Since(begin) < time.Hour; time.Sleep(time.Second) {
			if _, err := s.Token(t.Context(), orders); err != nil {
				t.Fatalf("after %v: %v", time.Since(begin), err)
			}
		}
	})
}
