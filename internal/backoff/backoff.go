// Package backoff computes how long a client waits before it asks a server again
// that has failed.
package backoff

import (
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// growth is the factor from one pause to the next. gRPC's connections have the same.
const growth = 1.6

// Policy is an exponential back-off with jitter. Both of its pauses must be
// positive.
type Policy struct {
	First  time.Duration // the pause after the first failure, before jitter
	Max    time.Duration // the upper limit of a pause, before jitter
	Jitter float64       // the share by which a pause varies up or down: 0.2 is ±20 %
}

// Pause returns the pause after a failure that followed earlier failures in a row:
// First for 0 earlier ones, and 1.6 times as long for each further one.
func (p Policy) Pause(earlier int) time.Duration {
	pause := float64(p.First) * math.Pow(growth, float64(earlier))
	return Jitter(time.Duration(min(pause, float64(p.Max))), p.Jitter)
}

// Jitter returns d, longer or shorter by a random part of at most share.
func Jitter(d time.Duration, share float64) time.Duration {
	return time.Duration(float64(d) * (1 - share + 2*share*rand.Float64()))
}

// RetryAfter returns the time that the header Retry-After names, in seconds or as
// a date (RFC 9110, section 10.2.3), but at most max after now. It returns the
// zero time if the header is missing or has another form.
func RetryAfter(h http.Header, now time.Time, max time.Duration) time.Time {
	text, latest := h.Get("Retry-After"), now.Add(max)
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return earlier(now.Add(time.Duration(seconds)*time.Second), latest)
	} else if errors.Is(err, strconv.ErrRange) {
		return latest
	}
	if at, err := http.ParseTime(text); err == nil {
		return earlier(at, latest)
	}
	return time.Time{}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
