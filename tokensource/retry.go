package tokensource

import (
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// The backoff is that of gRPC's connections; it also caps Retry-After.
const (
	firstPause = time.Second
	pauseGrows = 1.6
	longPause  = 120 * time.Second
)

// retry returns when to try again after err, which came after so many failures in
// a row: after the backoff, and not before a time that the issuer has named.
func retry(now time.Time, failures int, err error) time.Time {
	pause := float64(firstPause) * math.Pow(pauseGrows, float64(failures)) * (0.8 + 0.4*rand.Float64())
	at := now.Add(time.Duration(min(pause, float64(longPause))))
	var o *outage
	if errors.As(err, &o) && o.until.After(at) {
		at = o.until
	}
	return at
}

// retryAfter returns the time that the header Retry-After names, in seconds or as
// a date (RFC 9110, section 10.2.3), but at most 120 s from now; the zero time if
// there is none.
func retryAfter(h http.Header, now time.Time) time.Time {
	text, latest := h.Get("Retry-After"), now.Add(longPause)
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return earlier(now.Add(time.Duration(n)*time.Second), latest)
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
