package interceptor

import (
	"context"
	"strings"
	"sync"
	"time"
)

const (
	// refusalWindow is how long refusals of one kind share a line by default.
	refusalWindow = 10 * time.Second

	// maxKinds is how many kinds are told apart, of known callers and of strangers
	// each.
	maxKinds = 256

	// A class of callers may cause burst lines at once, and one more each pause.
	burst = 16
	pause = 250 * time.Millisecond

	// sweepEach is how often kinds are looked at that nothing followed.
	sweepEach = time.Second
)

// kind is what refusals have in common that share a line.
type kind struct {
	outcome        outcome
	method         string // "other" if it has no rule, since then a stranger chose it
	reason, cause  string
	issuer, client string // empty if no genuine token came
	peer           string // without the port
}

func kindOf(ctx context.Context, d *decision) kind {
	k := kind{outcome: d.outcome(), method: d.method, reason: d.reason(), peer: peerHost(ctx)}
	if refusal := d.refusal(); refusal != nil {
		k.cause = string(refusal.Cause)
	}
	if d.claims != nil {
		k.issuer, k.client = d.claims.Issuer(), d.claims.Client()
	}
	if d.rule == nil {
		k.method = other
	}
	return k
}

// bounded returns k with texts that are cut.
func (k kind) bounded() kind {
	for _, text := range []*string{&k.method, &k.issuer, &k.client} {
		*text = (*text)[:min(len(*text), maxName)]
	}
	return k
}

// clone keeps the table from holding on to tokens that the texts are cut from.
func (k kind) clone() kind {
	for _, text := range []*string{&k.method, &k.reason, &k.issuer, &k.client, &k.peer} {
		*text = strings.Clone(*text)
	}
	return k
}

// repeats decides which refusals are worth a line: the first of a kind in each
// window, as long as its class of callers does not cause too many. The others are
// counted, and told with the next line of the kind, or by a line of their own
// where none follows. The zero value, with tell set, gives each a line.
type repeats struct {
	window time.Duration
	tell   func(kind, uint64) // how often a kind happened again; the zero kind is all that are not told apart

	telling sync.Mutex // held while tell is called, so that close returns after it
	mu      sync.Mutex // guards what follows
	classes [2]class   // strangers; callers with a genuine token, whose lines strangers cannot use up
	timer   *time.Timer
	armed   bool // the timer runs, or its sweep does
}

// class is the refusals of one class of callers.
type class struct {
	kinds  map[kind]*repeat
	spent  time.Time // until when the lines that were written use up the allowance
	untold uint64    // refusals that have no entry in kinds
	tellAt time.Time // when they may be told
}

// repeat is what is remembered of a kind.
type repeat struct {
	until time.Time // no further line before
	count uint64    // refusals without a line
}

// line reports whether a refusal of kind k gets a line, and how many before it
// got none.
func (r *repeats) line(k kind) (repeated uint64, ok bool) {
	if r.window == 0 {
		return 0, true
	}
	k, now := k.bounded(), time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.armLocked()
	c := &r.classes[0]
	if k.issuer != "" {
		c = &r.classes[1]
	}
	e := c.entry(k, now)
	switch {
	case e != nil && now.Before(e.until), !c.allow(now):
		if e != nil {
			e.count++
		} else {
			c.untold++
		}
		return 0, false
	case e != nil:
		repeated, e.count, e.until = e.count, 0, now.Add(r.window)
	}
	return repeated, true
}

// entry returns what is remembered of k; nil if there is no place for one more.
func (c *class) entry(k kind, now time.Time) *repeat {
	e, ok := c.kinds[k]
	if !ok && len(c.kinds) < maxKinds {
		if c.kinds == nil {
			c.kinds = map[kind]*repeat{}
		}
		e = &repeat{until: now}
		c.kinds[k.clone()] = e
	}
	return e
}

// allow reports whether one more line may be written now.
func (c *class) allow(now time.Time) bool {
	if c.spent.Before(now) {
		c.spent = now
	}
	if c.spent.Sub(now) > (burst-1)*pause {
		return false
	}
	c.spent = c.spent.Add(pause)
	return true
}

// armLocked sets the timer for the next sweep.
func (r *repeats) armLocked() {
	switch {
	case r.armed:
		return
	case r.timer == nil:
		r.timer = time.AfterFunc(sweepEach, r.sweep)
	default:
		r.timer.Reset(sweepEach)
	}
	r.armed = true
}

// sweep tells of the kinds whose window is over and that nothing followed.
func (r *repeats) sweep() {
	r.telling.Lock()
	defer r.telling.Unlock()
	r.report(time.Now(), false)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.armed = false
	for i := range r.classes {
		if len(r.classes[i].kinds) > 0 || r.classes[i].untold > 0 {
			r.armLocked()
		}
	}
}

// close tells of all that is untold.
func (r *repeats) close() {
	r.telling.Lock()
	defer r.telling.Unlock()
	r.mu.Lock()
	if r.timer != nil {
		r.timer.Stop()
	}
	r.armed = false
	r.mu.Unlock()
	r.report(time.Now(), true)
}

// told is how often a kind happened again.
type told struct {
	kind  kind
	times uint64
}

// report tells of what is due, or of all. It is called while telling is held.
func (r *repeats) report(now time.Time, all bool) {
	r.mu.Lock()
	var due []told
	for i := range r.classes {
		due = append(due, r.classes[i].due(now, r.window, all)...)
	}
	r.mu.Unlock()
	for _, d := range due {
		r.tell(d.kind, d.times)
	}
}

// due forgets the kinds that are over, and returns what is to be told of them. One
// that has used up the allowance is told with the others.
func (c *class) due(now time.Time, window time.Duration, all bool) []told {
	var due []told
	for k, e := range c.kinds {
		if !all && now.Before(e.until.Add(sweepEach)) {
			continue
		}
		delete(c.kinds, k)
		switch {
		case e.count == 0:
		case c.allow(now):
			due = append(due, told{k, e.count})
		default:
			c.untold += e.count
		}
	}
	if c.untold > 0 && (all || !now.Before(c.tellAt)) {
		due = append(due, told{kind{}, c.untold})
		c.untold, c.tellAt = 0, now.Add(window)
	}
	return due
}
