package admission

import (
	"strings"
	"sync"
	"time"
)

const (
	// maxKinds is how many kinds are distinguished for callers with a genuine token,
	// and as many for callers without one.
	maxKinds = 256

	// A class of callers may cause lineBurst lines at once, and one more in each
	// lineInterval.
	lineBurst    = 16
	lineInterval = 250 * time.Millisecond

	// sweepInterval is the time between two searches for kinds whose window is over.
	sweepInterval = time.Second
)

// kind is what refusals that share a line have in common.
type kind struct {
	outcome        Outcome
	method         string // "other" if it has no rule: then the peer chose the name
	reason, cause  string
	issuer, client string // empty without a genuine token
	peer           string // without the port
	certificate    string // the name in the client's certificate
	target         string // the service that refused a call of a client or of a handler
}

func kindOf(v *event) kind {
	k := kind{outcome: v.outcome(), method: v.method(), reason: v.reason(), peer: v.request.Peer.host(), certificate: v.certificate}
	if refusal := v.refusal(); refusal != nil {
		k.cause = string(refusal.Cause)
	}
	if v.claims != nil {
		k.issuer, k.client = v.claims.Issuer(), v.claims.Client()
	}
	if !v.named() {
		k.method = otherLabel
	}
	return k
}

// bounded returns k with its texts cut.
func (k kind) bounded() kind {
	for _, text := range []*string{&k.method, &k.reason, &k.issuer, &k.client, &k.target} {
		*text = (*text)[:min(len(*text), maxName)]
	}
	return k
}

// clone copies the texts of k: they may be parts of tokens, which the map would keep
// in memory.
func (k kind) clone() kind {
	for _, text := range []*string{&k.method, &k.reason, &k.issuer, &k.client, &k.peer, &k.certificate, &k.target} {
		*text = strings.Clone(*text)
	}
	return k
}

// refusalLines decides which refusals get a log line: the first of a kind in each
// window, unless its class of callers causes too many lines. The others are counted.
// The count is in the next line of the kind, or in a line of its own if none follows.
// The zero value gives each refusal a line once writeCount is set.
type refusalLines struct {
	window     time.Duration
	writeCount func(kind, repeats) // writes how often a kind was repeated; the zero kind is for all kinds that are not distinguished

	writing sync.Mutex // held while writeCount runs, so that close waits for it
	mu      sync.Mutex // guards the fields below
	classes [2]class   // callers without a genuine token; callers with one, whose lines the others cannot use up
	timer   *time.Timer
	armed   bool // the timer or its sweep runs
}

// class has the refusals of one class of callers.
type class struct {
	kinds     map[kind]*repetition
	spent     time.Time // when the lines that were written no longer reduce the allowance
	uncounted uint64    // refusals that have no entry in kinds
	nextCount time.Time // when their count may be written
}

// repetition is the state of a kind.
type repetition struct {
	until time.Time // no further line before
	repeats
}

// allow reports whether a refusal of kind k with this request id gets a line, and
// returns the earlier refusals that got none.
func (r *refusalLines) allow(k kind, id string) (before repeats, ok bool) {
	if r.window == 0 {
		return repeats{}, true
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
	case e != nil && now.Before(e.until), !c.spend(now):
		if e != nil {
			e.add(id)
		} else {
			c.uncounted++
		}
		return repeats{}, false
	case e != nil:
		before, e.repeats, e.until = e.repeats, repeats{}, now.Add(r.window)
	}
	return before, true
}

// entry returns the state of k; nil if there is no room for one more kind.
func (c *class) entry(k kind, now time.Time) *repetition {
	e, ok := c.kinds[k]
	if !ok && len(c.kinds) < maxKinds {
		if c.kinds == nil {
			c.kinds = map[kind]*repetition{}
		}
		e = &repetition{until: now}
		c.kinds[k.clone()] = e
	}
	return e
}

// spend reports whether one more line may be written now, and counts it.
func (c *class) spend(now time.Time) bool {
	if c.spent.Before(now) {
		c.spent = now
	}
	if c.spent.Sub(now) > (lineBurst-1)*lineInterval {
		return false
	}
	c.spent = c.spent.Add(lineInterval)
	return true
}

// armLocked sets the timer for the next sweep.
func (r *refusalLines) armLocked() {
	switch {
	case r.armed:
		return
	case r.timer == nil:
		r.timer = time.AfterFunc(sweepInterval, r.sweep)
	default:
		r.timer.Reset(sweepInterval)
	}
	r.armed = true
}

// sweep writes the counts of the kinds whose window is over without a further line.
func (r *refusalLines) sweep() {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.writeCounts(time.Now(), false)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.armed = false
	for i := range r.classes {
		if len(r.classes[i].kinds) > 0 || r.classes[i].uncounted > 0 {
			r.armLocked()
		}
	}
}

// close writes all counts.
func (r *refusalLines) close() {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.mu.Lock()
	if r.timer != nil {
		r.timer.Stop()
	}
	r.armed = false
	r.mu.Unlock()
	r.writeCounts(time.Now(), true)
}

// count says how often a kind was repeated without a line.
type count struct {
	kind    kind
	repeats repeats
}

// writeCounts writes the counts that are due, or all counts. The caller holds writing.
func (r *refusalLines) writeCounts(now time.Time, all bool) {
	r.mu.Lock()
	var due []count
	for i := range r.classes {
		due = append(due, r.classes[i].due(now, r.window, all)...)
	}
	r.mu.Unlock()
	for _, d := range due {
		r.writeCount(d.kind, d.repeats)
	}
}

// due removes the kinds whose window is over, and returns their counts. A kind for
// which the allowance is used up is counted with the kinds that are not distinguished.
func (c *class) due(now time.Time, window time.Duration, all bool) []count {
	var due []count
	for k, e := range c.kinds {
		if !all && now.Before(e.until.Add(sweepInterval)) {
			continue
		}
		delete(c.kinds, k)
		switch {
		case e.times == 0:
		case c.spend(now):
			due = append(due, count{k, e.repeats})
		default:
			c.uncounted += e.times
		}
	}
	if c.uncounted > 0 && (all || !now.Before(c.nextCount)) {
		due = append(due, count{kind{}, repeats{times: c.uncounted}})
		c.uncounted, c.nextCount = 0, now.Add(window)
	}
	return due
}
