package verifier

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

const (
	maxStale   = 24 * time.Hour   // keys older than this are not used, even in an outage
	maxWaiting = 256              // calls that wait for the next allowed fetch
	firstRetry = time.Second      // after a failed fetch; grows by 1.6 each time
	lastRetry  = 30 * time.Second // and not beyond
)

// keySet keeps the keys of one issuer. Reading them takes no lock; one fetch
// at a time replaces them, in its own goroutine, under its own timeout, and
// never on behalf of one caller alone. After the first need it keeps itself
// fresh until it is closed.
type keySet struct {
	fetch    func(context.Context) (*snapshot, time.Duration, error)
	cooldown time.Duration
	current  atomic.Pointer[snapshot]
	begun    atomic.Uint64 // fetches begun

	mu       sync.Mutex         // guards what follows
	running  bool               // a fetch is under way
	ended    chan struct{}      // closed when the next fetch ends
	err      error              // of the last fetch
	failures int                // in a row
	notUntil time.Time          // no fetch before: back-off
	spent    time.Time          // when a token last caused a fetch: the allowance is used up
	wanted   bool               // the next fetch is on behalf of a token
	waiting  int                // calls that wait for the next fetch
	timer    *time.Timer        // starts the next fetch
	due      time.Time          // when it does
	cancel   context.CancelFunc // of the fetch under way
	closed   bool
}

var (
	errClosed = errors.New("verifier is closed")
	errNotNow = errors.New("no fetch is allowed now")
)

func newKeySet(fetch func(context.Context) (*snapshot, time.Duration, error), cooldown time.Duration) *keySet {
	return &keySet{fetch: fetch, cooldown: cooldown, ended: make(chan struct{})}
}

// load returns the keys at hand, nil if there are none or they are too old.
func (k *keySet) load() *snapshot {
	s := k.current.Load()
	if s == nil || time.Since(s.fetched) > maxStale {
		return nil
	}
	return s
}

// next waits for the end of the next fetch, and returns the keys at hand then.
// It starts that fetch if tokens may cause one now; else a patient call waits
// for the one that they may cause next, and another is told errNotNow. It
// refuses with [audience.CauseKeysUnavailable] when the fetch fails, or too many
// wait already: nothing is known of the token then. The caller's own context
// bounds the wait.
func (k *keySet) next(ctx context.Context, patient bool) (*snapshot, error) {
	ended, err := k.join(patient)
	if err != nil {
		return nil, err
	}
	defer k.leave()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-ended:
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return nil, k.unavailableLocked(k.err)
	}
	return k.load(), nil
}

// join makes sure that a fetch will end, and returns what tells so.
func (k *keySet) join(patient bool) (ended <-chan struct{}, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	cold, allowed := k.load() == nil, k.spent.Add(k.cooldown)
	switch {
	case k.closed:
		return nil, k.unavailableLocked(errClosed)
	case k.running:
	case now.Before(k.notUntil):
		return nil, k.unavailableLocked(k.err)
	case cold || k.spent.IsZero() || !now.Before(allowed):
		k.wanted = !cold
		k.startLocked()
	case !patient:
		return nil, errNotNow
	case k.waiting >= maxWaiting:
		return nil, k.unavailableLocked(errors.New("too many calls wait for the issuer's next keys"))
	default:
		if k.wanted = true; k.due.After(allowed) {
			k.scheduleLocked(allowed.Sub(now))
		}
	}
	k.waiting++
	return k.ended, nil
}

func (k *keySet) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiting--
}

func (k *keySet) unavailableLocked(err error) error {
	wait := max(time.Until(k.notUntil), time.Until(k.spent.Add(k.cooldown)), firstRetry)
	return &audience.Refusal{Cause: audience.CauseKeysUnavailable, Err: err, RetryAfter: wait}
}

// scheduleLocked has the next fetch start in d.
func (k *keySet) scheduleLocked(d time.Duration) {
	if k.closed {
		return
	}
	if k.timer != nil {
		k.timer.Stop()
	}
	k.due = time.Now().Add(d)
	k.timer = time.AfterFunc(d, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if !k.running && !k.closed {
			k.startLocked()
		}
	})
}

// startLocked begins a fetch, detached from whoever asked for it.
func (k *keySet) startLocked() {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	k.running, k.cancel = true, cancel
	if k.wanted {
		k.wanted, k.spent = false, time.Now()
	}
	number := k.begun.Add(1)
	go func() {
		defer cancel()
		began := time.Now()
		keys, age, err := k.fetch(ctx)
		if err == nil {
			keys.number, keys.fetched = number, began
		}
		k.finish(keys, age, err)
	}()
}

// finish publishes the outcome of a fetch, wakes who waits, and sets the time
// of the next: before the keys are stale, or when the back-off is over. A
// failed fetch does not use up the allowance.
func (k *keySet) finish(keys *snapshot, age time.Duration, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running, k.err = false, err
	if err == nil {
		k.current.Store(keys)
		k.failures, k.notUntil = 0, time.Time{}
		k.scheduleLocked(jitter(age * 4 / 5))
	} else {
		wait := jitter(time.Duration(min(float64(firstRetry)*math.Pow(1.6, float64(k.failures)), float64(lastRetry))))
		k.failures++
		k.notUntil, k.spent = time.Now().Add(wait), time.Time{}
		k.scheduleLocked(wait)
	}
	close(k.ended)
	k.ended = make(chan struct{})
}

func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}

// close ends the fetch under way and all to come.
func (k *keySet) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	if k.timer != nil {
		k.timer.Stop()
	}
	if k.cancel != nil {
		k.cancel()
	}
}
