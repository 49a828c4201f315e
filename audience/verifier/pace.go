package verifier

import "time"

const (
	leastRate    = 4.0                    // questions a second that an issuer which limits them is asked
	mostRate     = 1000.0                 // beyond which it is asked as one that does not
	firstPause   = 250 * time.Millisecond // after a 429
	longestPause = 5 * time.Second        // beyond it, those who wait are told to come again
	measured     = time.Second            // over which answers are counted
	leastMeasure = 100 * time.Millisecond
)

// pace is how fast an issuer is asked that limits its questions (429): a little
// slower than it last answered, and ever faster while it answers. After a pause
// one question finds out whether it does.
type pace struct {
	rate    float64   // questions a second, 0 while they are not limited
	next    time.Time // no question before, by the rate
	until   time.Time // no question before: the pause
	probing bool      // one question at a time until the first answer
	unsure  bool      // the rate is a guess that answers on their way may mend
	limited time.Time // when the pauses began
	denied  int       // pauses in a row
	last    time.Time // when the issuer last answered a question

	good     int       // answers
	since    time.Time // then
	previous float64   // answers a second before that
}

// most returns how many questions may be under way now, and how many more about
// tokens that were active before.
func (p *pace) most(now time.Time) (most, reserved int) {
	switch {
	case now.Before(p.opens()):
		return 0, 0
	case p.probing:
		return 1, 0
	}
	return maxAsking, maxReserved
}

// opens returns the time before which no question is to be put.
func (p *pace) opens() time.Time {
	if p.rate > 0 && p.next.After(p.until) {
		return p.next
	}
	return p.until
}

// asked notes a question.
func (p *pace) asked(now time.Time) {
	if p.rate > 0 {
		p.next = later(p.next, now).Add(time.Duration(float64(time.Second) / p.rate))
	}
}

// recently reports whether the issuer has answered of late.
func (p *pace) recently(now time.Time) bool {
	return !p.last.IsZero() && now.Sub(p.last) < longestPause
}

// slow notes a 429 that asks for a pause of at least after. Those that come in a
// pause belong to the questions from before it.
func (p *pace) slow(now time.Time, after time.Duration) {
	if now.Before(p.until) {
		return
	}
	if !p.probing {
		answered := max(p.previous, p.perSecond(now))
		if p.unsure = p.rate == 0; !p.unsure {
			answered = min(p.rate*0.8, answered)
		}
		p.rate, p.probing, p.limited = max(answered, leastRate), true, now
	}
	pause := firstPause << min(p.denied/4, 4) // four tries a second at first
	p.denied++
	p.until = now.Add(min(max(pause, after), longestPause))
}

// answered notes an answer. The rate grows by a tenth in each second.
func (p *pace) answered(now time.Time) {
	grown := min(now.Sub(p.last), time.Second)
	p.last = now
	switch {
	case p.probing && !now.Before(p.until):
		if p.unsure {
			p.rate = max(p.rate, p.perSecond(p.limited))
		}
		p.probing, p.denied, p.next = false, 0, now
		p.previous, p.good, p.since = 0, 0, now
	case p.probing: // the answer to a question from before the pause
	case p.rate > 0:
		if p.rate *= 1 + 0.1*grown.Seconds(); p.rate > mostRate {
			p.rate = 0
		}
	}
	if now.Sub(p.since) >= measured {
		p.previous, p.good, p.since = p.perSecond(now), 0, now
	}
	p.good++
}

// perSecond returns how many answers a second have come of late.
func (p *pace) perSecond(now time.Time) float64 {
	return float64(p.good) / max(now.Sub(p.since), leastMeasure).Seconds()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
