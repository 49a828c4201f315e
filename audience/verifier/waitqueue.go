package verifier

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

const (
	maxWaiting = 256 // calls that wait for the next keys of one issuer

	// A call waits until its deadline if it is among the first maxLongWaits calls and
	// among the first maxSameKid with its kid, and if at most maxKids kids are
	// waited for. Otherwise it waits at most briefWait.
	briefWait    = 5 * time.Second
	maxLongWaits = 192
	maxSameKid   = 64
	maxKids      = 32

	fairShare = 16 // calls with one kid that are not removed for calls with other kids

	answerMargin = 250 * time.Millisecond // before a call's deadline, so that the answer arrives in time
)

var (
	errDisplaced = errors.New("too many calls wait for the issuer's next keys")
	errNoTime    = errors.New("the issuer did not answer before the call's deadline")
)

// waitQueue holds the calls that wait for the next keys of an issuer, in order of
// arrival. A lock of its owner guards it. Calls whose tokens name the same key are one
// group. If the queue is full, the oldest call of the largest group leaves, or the
// oldest call of all if every group is small. So neither a flood with one kid nor a
// flood with many kids keeps out the token of a key that is new. If many calls wait,
// most of them wait briefly, so that unknown tokens do not hold many connections until
// the keys arrive.
type waitQueue struct {
	calls []*waitingCall
	named map[string]int // the number of calls by kid
}

type waitingCall struct {
	kid   string
	brief bool          // it waits at most briefWait
	left  bool          // it was removed from the queue
	ended chan struct{} // closed when it is removed to make room
}

// add adds a call whose token has this kid. It returns nil if there is no room.
func (w *waitQueue) add(kid string) *waitingCall {
	if len(w.calls) >= maxWaiting {
		largest := 0
		for _, n := range w.named {
			largest = max(largest, n)
		}
		tooMany := largest > fairShare
		if tooMany && w.named[kid] == largest {
			return nil
		}
		oldest := w.calls[slices.IndexFunc(w.calls, func(c *waitingCall) bool { return !tooMany || w.named[c.kid] == largest })]
		w.remove(oldest)
		close(oldest.ended)
	}
	if w.named == nil {
		w.named = map[string]int{}
	}
	c := &waitingCall{kid: kid, ended: make(chan struct{})}
	w.calls = append(w.calls, c)
	w.named[kid]++
	c.brief = len(w.calls) > maxLongWaits || w.named[kid] > maxSameKid || len(w.named) > maxKids
	return c
}

// remove removes a call, unless it was removed before.
func (w *waitQueue) remove(c *waitingCall) {
	if c.left {
		return
	}
	c.left = true
	w.calls = slices.DeleteFunc(w.calls, func(other *waitingCall) bool { return other == c })
	if w.named[c.kid]--; w.named[c.kid] == 0 {
		delete(w.named, c.kid)
	}
}

// answerable returns a context that ends shortly before the deadline of ctx, so that a
// call whose wait fails gets an answer that says when to retry.
func answerable(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(time.Until(deadline)/10, answerMargin)))
}

// next returns the keys that accept accepts. If the present keys are not accepted, it
// waits for the next fetch, and starts it if the cool-down is over. During the
// cool-down a call waits if throughCooldown is true, and otherwise gets errNotNow. If
// the fetch fails, or if too many calls wait, next refuses with
// [audience.CauseKeysUnavailable]: it is not known whether the token is genuine. The
// caller's context limits the wait. Static keys are never refreshed.
func (k *keySet) next(ctx context.Context, kid string, throughCooldown bool, accept func(*snapshot) bool) (*snapshot, error) {
	for k.fetch != nil {
		keys, w, err := k.join(kid, throughCooldown, accept)
		if keys != nil || err != nil {
			return keys, err
		}
		if err := k.wait(ctx, w); err != nil {
			return nil, err
		}
	}
	return k.load(), nil
}

// nextFor is next for a call. Shortly before the deadline of the call it refuses with
// [audience.CauseKeysUnavailable] and the time of a retry.
func (k *keySet) nextFor(ctx context.Context, kid string, throughCooldown bool, accept func(*snapshot) bool) (*snapshot, error) {
	until, cancel := answerable(ctx)
	defer cancel()
	keys, err := k.next(until, kid, throughCooldown, accept)
	switch {
	case err == nil || until.Err() == nil:
		return keys, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return nil, k.unavailableLocked(errNoTime)
}

// waiter is what a call waits for: the end of a fetch, or its removal from the queue.
type waiter struct {
	ended <-chan struct{} // closed at the end of the fetch
	call  *waitingCall    // nil while there are no keys: then all calls wait
}

// join returns the present keys if they are accepted. Otherwise it makes sure that a
// fetch runs or is scheduled, and returns what the call waits for:
//
//	there are accepted keys                return those keys
//	the key set is closed                  unavailable
//	a fetch is under way                   wait for it
//	the pause after a failure lasts        unavailable
//	no keys yet, or the cool-down is over  start a fetch and wait for it
//	the cool-down lasts, throughCooldown   schedule a fetch at its end and wait for it
//	the cool-down lasts, otherwise         errNotNow
func (k *keySet) join(kid string, throughCooldown bool, accept func(*snapshot) bool) (keys *snapshot, w waiter, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, keys, allowed := time.Now(), k.load(), k.spent.Add(k.cooldown)
	cold := keys == nil
	switch {
	case !cold && accept(keys):
		return keys, waiter{}, nil
	case k.closed:
		return nil, waiter{}, k.unavailableLocked(errClosed)
	case k.running:
	case now.Before(k.notUntil):
		return nil, waiter{}, k.unavailableLocked(k.err)
	case cold || k.spent.IsZero() || !now.Before(allowed):
		k.wanted = !cold
		k.startLocked()
	case !throughCooldown:
		return nil, waiter{}, errNotNow
	default:
		k.wanted = true
		k.hastenLocked(allowed)
	}
	if w.ended = k.ended; !cold {
		if w.call = k.waiting.add(kid); w.call == nil {
			return nil, waiter{}, k.unavailableLocked(errDisplaced)
		}
	}
	return nil, w, nil
}

// wait waits for a fetch, and returns nil if it succeeded.
func (k *keySet) wait(ctx context.Context, w waiter) error {
	if w.call == nil {
		w.call = &waitingCall{left: true}
	}
	var tooLong <-chan time.Time
	if w.call.brief {
		timer := time.NewTimer(briefWait)
		defer timer.Stop()
		tooLong = timer.C
	}
	var err error
	select {
	case <-ctx.Done():
	case <-w.call.ended:
		err = errDisplaced
	case <-tooLong:
		err = errDisplaced
	case <-w.ended:
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiting.remove(w.call)
	switch err = cmp.Or(err, k.err); {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return k.unavailableLocked(err)
	}
	return nil
}
