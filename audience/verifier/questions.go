package verifier

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	maxAsking   = 64  // questions about tokens that are under way to one issuer at once
	maxReserved = 16  // and as many more about tokens that were active before
	maxQueued   = 512 // tokens that wait for their turn, and as many that were active before
	othersTurn  = 4   // each so many turns, a token that was never active comes first
)

var errCrowded = errors.New("too many tokens wait for the issuer to be asked about them")

// questions puts questions about tokens to one issuer: one for all who hold a
// token, a bounded number at once, in order of arrival. Tokens that were active
// before have a queue and capacity of their own, so that no flood of strangers
// shuts them out. Each question runs in its own goroutine under its own timeout,
// and never on behalf of one caller alone.
type questions struct {
	ask  func(context.Context, string) (a *answer, limited bool, after time.Duration)
	down func() *answer // what to answer while the issuer is not to be asked at all; nil if it may be
	keep func(tokenKey, *answer)

	mu            sync.Mutex // guards what follows
	open          map[tokenKey]*question
	known, others []*question // that wait
	underway      int
	turns         int
	pace          pace
	timer         *time.Timer // resumes after a pause
	closed        bool
	end           context.CancelFunc // of all questions under way
	running       context.Context
}

// question is a token that somebody wants to know about.
type question struct {
	key     tokenKey
	raw     string
	known   bool // it was active before
	asked   bool // it is under way
	holders int  // calls that wait for the outcome
	outcome *answer
	ended   chan struct{} // closed when outcome is there
}

func newQuestions(ask func(context.Context, string) (*answer, bool, time.Duration), down func() *answer, keep func(tokenKey, *answer)) *questions {
	q := &questions{ask: ask, down: down, keep: keep, open: map[tokenKey]*question{}}
	q.running, q.end = context.WithCancel(context.Background())
	return q
}

// put returns what the issuer says of a token. Its error is errCrowded,
// errClosed or ctx's. What nobody waits for any more is asked only about tokens
// that were active before.
func (q *questions) put(ctx context.Context, key tokenKey, raw string, known bool) (*answer, error) {
	x, err := q.join(key, raw, known)
	if err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		q.leave(x)
		return nil, ctx.Err()
	case <-x.ended:
		return x.outcome, nil
	}
}

func (q *questions) join(key tokenKey, raw string, known bool) (*question, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if x, ok := q.open[key]; ok {
		x.holders++
		return x, nil
	}
	queue := q.queue(known)
	switch {
	case q.closed:
		return nil, errClosed
	case len(*queue) >= maxQueued:
		return nil, errCrowded
	}
	x := &question{key: key, raw: raw, known: known, holders: 1, ended: make(chan struct{})}
	q.open[key] = x
	*queue = append(*queue, x)
	q.askLocked()
	return x, nil
}

func (q *questions) queue(known bool) *[]*question {
	if known {
		return &q.known
	}
	return &q.others
}

func (q *questions) leave(x *question) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if x.holders--; x.holders == 0 && !x.asked && !x.known && q.open[x.key] == x {
		q.others = slices.DeleteFunc(q.others, func(other *question) bool { return other == x })
		delete(q.open, x.key)
	}
}

// askLocked puts the questions whose turn it is.
func (q *questions) askLocked() {
	if a := q.down(); a != nil && !q.closed {
		q.refuseLocked(a)
	}
	for x := q.nextLocked(); x != nil; x = q.nextLocked() {
		q.underway++
		x.asked = true
		q.pace.asked(time.Now())
		go q.run(x)
	}
	if wait := time.Until(q.pace.opens()); wait > 0 && len(q.known)+len(q.others) > 0 && !q.closed {
		if q.timer != nil {
			q.timer.Stop()
		}
		q.timer = time.AfterFunc(wait, q.resume)
	}
}

// nextLocked takes the question whose turn it is off its queue; nil if none can
// be put now.
func (q *questions) nextLocked() *question {
	most, reserved := q.pace.most(time.Now())
	known := len(q.known) > 0 && q.underway < most+reserved
	others := len(q.others) > 0 && q.underway < most
	if !known && !others {
		return nil
	}
	q.turns++
	queue := q.queue(known && !(others && q.turns%othersTurn == 0))
	x := (*queue)[0]
	*queue = slices.Delete(*queue, 0, 1)
	return x
}

// run puts one question. If the issuer wants fewer of them, it is put again when
// the pause is over.
func (q *questions) run(x *question) {
	ctx, cancel := context.WithTimeout(q.running, fetchTimeout)
	defer cancel()
	a, limited, after := q.ask(ctx, x.raw)
	if !limited {
		q.keep(x.key, a)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.underway--
	now := time.Now()
	switch {
	case limited && !q.closed:
		q.pace.slow(now, after)
		if x.asked = false; x.holders > 0 || x.known {
			queue := q.queue(x.known)
			*queue = slices.Insert(*queue, 0, x)
		} else {
			q.settleLocked(x, a)
		}
	default:
		if !mayBeStale(a) {
			q.pace.answered(now)
		}
		q.settleLocked(x, a)
	}
	q.askLocked()
}

// answering reports whether the issuer has answered of late, or may be about to,
// so that a 429 means that it is asked too often, and not that it answers nobody.
func (q *questions) answering() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.underway > 1 || q.pace.recently(time.Now())
}

func (q *questions) resume() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.askLocked()
}

func (q *questions) settleLocked(x *question, a *answer) {
	x.outcome = a
	delete(q.open, x.key)
	close(x.ended)
}

// refuseLocked answers all who wait for their turn.
func (q *questions) refuseLocked(a *answer) {
	for _, x := range slices.Concat(q.known, q.others) {
		q.settleLocked(x, a)
	}
	q.known, q.others = nil, nil
}

// close ends the questions under way and refuses all others.
func (q *questions) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.refuseLocked(&answer{err: unavailable(errClosed, firstRetry)})
	if q.timer != nil {
		q.timer.Stop()
	}
	q.end()
}
