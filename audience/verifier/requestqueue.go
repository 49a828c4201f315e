package verifier

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	maxAsking   = 64  // requests to one issuer at the same time
	maxReserved = 16  // further ones, for tokens that were active before
	maxQueued   = 512 // the length of each queue
	othersEvery = 4   // of this many requests, one is first for a token that was never active
)

var errCrowded = errors.New("too many introspection requests wait for this issuer")

// requestQueue sends introspection requests to one issuer: one at a time for all calls
// with the same token, a bounded number at the same time, in order of arrival. Tokens that were
// active before have a queue and capacity of their own, so that no flood of unknown
// tokens delays them. Each request runs in its own goroutine with its own timeout,
// independent of the calls that wait for it.
type requestQueue struct {
	ask  func(context.Context, string) (a *answer, limited bool, after time.Duration)
	down func() *answer // the answer while the issuer must not be asked; nil if it may be
	keep func(tokenKey, *answer)

	mu            sync.Mutex // guards the fields below
	open          map[tokenKey]*introspection
	known, others []*introspection // which are not sent yet
	underway      int
	picked        int
	rate          requestRate
	timer         *time.Timer // resumes after a pause
	closed        bool
	end           context.CancelFunc // of all requests under way
	running       context.Context
}

// introspection is the request about one token.
type introspection struct {
	key     tokenKey
	raw     string
	known   bool // the token was active before
	sent    bool // the request is under way
	sentAt  time.Time
	waiting int            // calls that wait for the outcome
	next    *introspection // for calls that may not use this one, since it was sent before they came; nil for none
	outcome *answer
	ended   chan struct{} // closed when outcome is set
}

func newRequestQueue(ask func(context.Context, string) (*answer, bool, time.Duration), down func() *answer, keep func(tokenKey, *answer)) *requestQueue {
	q := &requestQueue{ask: ask, down: down, keep: keep, open: map[tokenKey]*introspection{}}
	q.running, q.end = context.WithCancel(context.Background())
	return q
}

// put returns the answer of the issuer about a token to a request that is sent at the time
// since or later. Its error is errCrowded, errClosed or ctx's. A request for which no call
// waits any more is sent only for a token that was active before.
func (q *requestQueue) put(ctx context.Context, key tokenKey, raw string, known bool, since time.Time) (*answer, error) {
	r, err := q.join(key, raw, known, since)
	if err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		q.leave(r)
		return nil, ctx.Err()
	case <-r.ended:
		return r.outcome, nil
	}
}

func (q *requestQueue) join(key tokenKey, raw string, known bool, since time.Time) (*introspection, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := &introspection{key: key, raw: raw, known: known, ended: make(chan struct{})}
	if open, ok := q.open[key]; ok {
		return open.orNext(r, since), nil
	}
	queue := q.queue(known)
	switch {
	case q.closed:
		return nil, errClosed
	case len(*queue) >= maxQueued:
		return nil, errCrowded
	}
	r.waiting = 1
	q.open[key] = r
	*queue = append(*queue, r)
	q.sendLocked()
	return r, nil
}

// orNext returns the request that a call may wait for: r, if it is sent at the time since
// or later, or else the one that is sent after r, which is next if there is none yet.
func (r *introspection) orNext(next *introspection, since time.Time) *introspection {
	if r.sent && r.sentAt.Before(since) {
		if r.next == nil {
			r.next = next
		}
		r = r.next
	}
	r.waiting++
	return r
}

func (q *requestQueue) queue(known bool) *[]*introspection {
	if known {
		return &q.known
	}
	return &q.others
}

func (q *requestQueue) leave(r *introspection) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if r.waiting--; r.waiting == 0 && !r.sent && !r.known && q.open[r.key] == r {
		q.others = slices.DeleteFunc(q.others, func(other *introspection) bool { return other == r })
		delete(q.open, r.key)
	}
}

// sendLocked sends the requests that may be sent now.
func (q *requestQueue) sendLocked() {
	if a := q.down(); a != nil && !q.closed {
		q.refuseLocked(a)
	}
	for r := q.nextLocked(); r != nil; r = q.nextLocked() {
		q.underway++
		r.sent, r.sentAt = true, time.Now()
		q.rate.sent(time.Now())
		go q.run(r)
	}
	if wait := time.Until(q.rate.nextAt()); wait > 0 && len(q.known)+len(q.others) > 0 && !q.closed {
		if q.timer != nil {
			q.timer.Stop()
		}
		q.timer = time.AfterFunc(wait, q.resume)
	}
}

// nextLocked removes the next request from its queue; nil if none may be sent now.
func (q *requestQueue) nextLocked() *introspection {
	most, reserved := q.rate.limits(time.Now())
	known := len(q.known) > 0 && q.underway < most+reserved
	others := len(q.others) > 0 && q.underway < most
	if !known && !others {
		return nil
	}
	q.picked++
	queue := q.queue(known && !(others && q.picked%othersEvery == 0))
	r := (*queue)[0]
	*queue = slices.Delete(*queue, 0, 1)
	return r
}

// run sends one request. If the issuer limits the requests, it is sent again after a
// pause.
func (q *requestQueue) run(r *introspection) {
	ctx, cancel := context.WithTimeout(q.running, fetchTimeout)
	defer cancel()
	a, limited, after := q.ask(ctx, r.raw)
	if !limited {
		q.keep(r.key, a)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.underway--
	now := time.Now()
	switch {
	case limited && !q.closed:
		q.rate.slowDown(now, after)
		if r.sent = false; r.waiting > 0 || r.known {
			queue := q.queue(r.known)
			*queue = slices.Insert(*queue, 0, r)
		} else {
			q.settleLocked(r, a)
		}
	default:
		if !mayBeStale(a) {
			q.rate.answered(now)
		}
		q.settleLocked(r, a)
	}
	q.sendLocked()
}

// answering reports whether the issuer has answered recently, or other requests are
// under way. A 429 then means that the issuer is asked too often, and not that it
// answers nobody.
func (q *requestQueue) answering() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.underway > 1 || q.rate.answeredRecently(time.Now())
}

func (q *requestQueue) resume() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sendLocked()
}

func (q *requestQueue) settleLocked(r *introspection, a *answer) {
	r.outcome = a
	delete(q.open, r.key)
	close(r.ended)
	switch next := r.next; {
	case next == nil || next.waiting == 0:
	case q.closed:
		next.outcome = &answer{err: unavailable(errClosed, firstRetry)}
		close(next.ended)
	default:
		q.open[next.key] = next
		queue := q.queue(next.known)
		*queue = append(*queue, next)
	}
}

// refuseLocked gives the same answer to all requests that are not sent yet.
func (q *requestQueue) refuseLocked(a *answer) {
	for len(q.known)+len(q.others) > 0 {
		refused := slices.Concat(q.known, q.others)
		q.known, q.others = nil, nil
		for _, r := range refused {
			q.settleLocked(r, a)
		}
	}
}

// close ends the requests under way and refuses all others.
func (q *requestQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.refuseLocked(&answer{err: unavailable(errClosed, firstRetry)})
	if q.timer != nil {
		q.timer.Stop()
	}
	q.end()
}
