package verifier

import "time"

const (
	leastRate    = 4.0                    // requests per second to an issuer that limits them, at least
	mostRate     = 1000.0                 // requests per second above which they are not limited any more
	firstPause   = 250 * time.Millisecond // after a 429
	longestPause = 5 * time.Second        // calls do not wait for a longer pause
	measured     = time.Second            // in which answers are counted
	leastMeasure = 100 * time.Millisecond
)

// requestRate limits the requests to an issuer that limits them itself (429): to a
// little less than the rate at which it last answered, growing while it answers. After
// a pause, one request finds out whether the issuer answers again.
type requestRate struct {
	rate      float64   // requests per second; 0 while they are not limited
	next      time.Time // no request before this time, because of the rate
	until     time.Time // no request before this time, because of the pause
	probing   bool      // one request at a time until the first answer
	estimated bool      // the rate is an estimate; answers that are under way may raise it
	limited   time.Time // when the first pause began
	pauses    int       // pauses in a row
	last      time.Time // when the issuer last answered a request

	answers  int // since the time below
	since    time.Time
	previous float64 // answers per second before that time
}

// limits returns how many requests may be under way now, and how many more for tokens
// that were active before.
func (r *requestRate) limits(now time.Time) (most, reserved int) {
	switch {
	case now.Before(r.nextAt()):
		return 0, 0
	case r.probing:
		return 1, 0
	}
	return maxAsking, maxReserved
}

// nextAt returns the time before which no request may be sent.
func (r *requestRate) nextAt() time.Time {
	if r.rate > 0 && r.next.After(r.until) {
		return r.next
	}
	return r.until
}

// sent records that a request was sent.
func (r *requestRate) sent(now time.Time) {
	if r.rate > 0 {
		r.next = later(r.next, now).Add(time.Duration(float64(time.Second) / r.rate))
	}
}

// answeredRecently reports whether the issuer has answered within the last seconds.
func (r *requestRate) answeredRecently(now time.Time) bool {
	return !r.last.IsZero() && now.Sub(r.last) < longestPause
}

// slowDown records a 429 that asks for a pause of at least after. A 429 that comes
// during a pause belongs to a request from before it.
func (r *requestRate) slowDown(now time.Time, after time.Duration) {
	if now.Before(r.until) {
		return
	}
	if !r.probing {
		answered := max(r.previous, r.perSecond(now))
		if r.estimated = r.rate == 0; !r.estimated {
			answered = min(r.rate*0.8, answered)
		}
		r.rate, r.probing, r.limited = max(answered, leastRate), true, now
	}
	pause := firstPause << min(r.pauses/4, 4) // four attempts a second at first
	r.pauses++
	r.until = now.Add(min(max(pause, after), longestPause))
}

// answered records an answer. The rate grows by a tenth in each second.
func (r *requestRate) answered(now time.Time) {
	grown := min(now.Sub(r.last), time.Second)
	r.last = now
	switch {
	case r.probing && !now.Before(r.until):
		if r.estimated {
			r.rate = max(r.rate, r.perSecond(r.limited))
		}
		r.probing, r.pauses, r.next = false, 0, now
		r.previous, r.answers, r.since = 0, 0, now
	case r.probing: // the answer to a request from before the pause
	case r.rate > 0:
		if r.rate *= 1 + 0.1*grown.Seconds(); r.rate > mostRate {
			r.rate = 0
		}
	}
	if now.Sub(r.since) >= measured {
		r.previous, r.answers, r.since = r.perSecond(now), 0, now
	}
	r.answers++
}

// perSecond returns how many answers per second have come recently.
func (r *requestRate) perSecond(now time.Time) float64 {
	return float64(r.answers) / max(now.Sub(r.since), leastMeasure).Seconds()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
