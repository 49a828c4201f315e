package backoff_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/internal/backoff"
)

func TestPauseGrowsToItsLimit(t *testing.T) {
	p := backoff.Policy{First: time.Second, Max: 30 * time.Second}
	for earlier, want := range map[int]time.Duration{
		0: time.Second, 1: 1600 * time.Millisecond, 2: 2560 * time.Millisecond,
		7: 26_843_545_600 * time.Nanosecond, 8: 30 * time.Second, 100_000: 30 * time.Second,
	} {
		if got := p.Pause(earlier); (got - want).Abs() > time.Microsecond {
			t.Errorf("Pause(%d) = %v, want %v", earlier, got, want)
		}
	}
}

func TestPauseVariesWithinItsJitter(t *testing.T) {
	p := backoff.Policy{First: time.Second, Max: time.Minute, Jitter: 0.2}
	least, most := time.Hour, time.Duration(0)
	for range 1000 {
		pause := p.Pause(0)
		least, most = min(least, pause), max(most, pause)
	}
	if least < 800*time.Millisecond || most > 1200*time.Millisecond || most-least < 300*time.Millisecond {
		t.Errorf("pauses from %v to %v, want them spread over 800ms to 1.2s", least, most)
	}
}

func TestRetryAfter(t *testing.T) {
	const limit = 2 * time.Minute
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Time{
		"5":                             now.Add(5 * time.Second),
		"0":                             now,
		"120":                           now.Add(limit),
		"1000000000":                    now.Add(limit),
		"99999999999999999999999":       now.Add(limit),
		"Fri, 02 Jan 2026 03:05:05 GMT": now.Add(time.Minute),
		"Fri, 02 Jan 2026 03:03:05 GMT": now.Add(-time.Minute),
		"Sat, 02 Jan 2027 03:04:05 GMT": now.Add(limit),
		"-5":                            {},
		"1.5":                           {},
		"soon":                          {},
		"":                              {},
	} {
		if got := backoff.RetryAfter(http.Header{"Retry-After": {value}}, now, limit); !got.Equal(want) {
			t.Errorf("Retry-After %q: got %v, want %v", value, got, want)
		}
	}
	if got := backoff.RetryAfter(http.Header{}, now, limit); !got.IsZero() {
		t.Errorf("no Retry-After: got %v, want the zero time", got)
	}
}
