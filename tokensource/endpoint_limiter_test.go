package tokensource_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

func TestRetryAfter(t *testing.T) {
	for _, row := range []struct {
		name, value string
		want        time.Duration // 0: the back-off decides
	}{
		{"seconds", "5", 5 * time.Second},
		{"date", "date", 90 * time.Second},
		{"past date", "Fri, 02 Jan 1998 15:04:05 GMT", 0},
		{"absurd", "1000000000", 120 * time.Second},
		{"more than absurd", "99999999999999999999999", 120 * time.Second},
		{"zero", "0", 0},
		{"negative", "-5", 0},
		{"garbage", "later", 0},
		{"absent", "", 0},
	} {
		for _, status := range []int{429, 503} {
			synctest.Test(t, func(t *testing.T) {
				value := row.value
				if value == "date" {
					value = time.Now().Add(row.want).UTC().Format(http.TimeFormat)
				}
				w := &wire{token: always(reply(status, "", "Retry-After", value))}
				s, begin := newSource(t, w), time.Now()
				for w.count() < 2 {
					if _, err := s.Token(t.Context(), orders); !errors.Is(err, tokensource.ErrUnavailable) {
						t.Fatalf("got %v, want ErrUnavailable", err)
					}
					time.Sleep(100 * time.Millisecond)
				}
				got := time.Since(begin) - 100*time.Millisecond
				if early, late := max(row.want, 800*time.Millisecond), max(row.want, 1300*time.Millisecond)+100*time.Millisecond; got < early || got > late {
					t.Errorf("%s, %d: asked again after %v, want %v", row.name, status, got, row.want)
				}
			})
		}
	}
}

func TestRetryAfterHoldsForAllAudiences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s := newSource(t, w)
		if _, err := s.Token(t.Context(), tokensource.Request{Audience: "warm"}); err != nil {
			t.Fatal(err)
		}
		w.answer(always(reply(429, "", "Retry-After", "60")))
		for _, audience := range []string{"a", "b", "c"} {
			if _, err := s.Token(t.Context(), tokensource.Request{Audience: audience}); !errors.Is(err, tokensource.ErrUnavailable) {
				t.Errorf("%s: got %v, want ErrUnavailable", audience, err)
			}
		}
		if _, err := s.Token(t.Context(), tokensource.Request{Audience: "warm"}); err != nil {
			t.Errorf("token at hand: %v", err)
		}
		if w.count() != 2 {
			t.Errorf("got %d token requests, want 2", w.count())
		}
		w.answer(good)
		time.Sleep(time.Minute)
		for _, audience := range []string{"a", "b", "c"} {
			if _, err := s.Token(t.Context(), tokensource.Request{Audience: audience}); err != nil {
				t.Errorf("%s, a minute later: %v", audience, err)
			}
		}
	})
}
