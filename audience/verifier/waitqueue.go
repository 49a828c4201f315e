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

	// A call waits until its deadline if it is among the first maxPatient calls and
	// among the first maxSameKid with its kid, and if at most maxKids kids are
	// waited for. Otherwise it waits for briefWait at most.
	briefWait  = 5 * time.Second
	maxPatient = 192
	maxSameKid = 64
	maxKids    = 32

	fairShare = 16 // calls with one kid that never have to leave for calls with other kids

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
	brief bool          // it waits for briefWait at most
	left  bool          // it has left the queue
	ended chan struct{} // closed when it has to leave
}

// add adds a call whose token names that kid. It returns nil if there is no place.
func (w *waitQueue) add(kid string) *waitingCall {
	if len(w.calls) >= maxWaiting {
		largest := 0
		for _, n := range w.named {
			largest = max(largest, n)
		}
		crowd := largest > fairShare
		if crowd && w.named[kid] == largest {
			return nil
		}
		oldest := w.calls[slices.IndexFunc(w.calls, func(c *waitingCall) bool { return !crowd || w.named[c.kid] == largest })]
		w.remove(oldest)
		close(oldest.ended)
	}
	if w.named == nil {
		w.named = map[string]int{}
	}
	c := &waitingCall{kid: kid, ended: make(chan struct{})}
	w.calls = append(w.calls, c)
	w.named[kid]++
	c.brief = len(w.calls) > maxPatient || w.named[kid] > maxSameKid || len(w.named) > maxKids
	return c
}

// remove removes a call, if it is still there.
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
// call which waits in vain gets an answer that says when to retry.
func answerable(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(time.Until(deadline)/10, answerMargin)))
}

// next returns the keys that satisfy news. If the present ones do not, it waits for the
// next fetch, and starts it if the cool-down is over. During the cool-down a patient
// call waits, and any other gets errNotNow. If the fetch fails, or too many calls wait,
// next refuses with [audience.CauseKeysUnavailable]: it is not known whether the token is
// genuine. The caller's context bounds the wait. Static keys are never refreshed.
func (k *keySet) next(ctx context.Context, kid string, patient bool, news func(*snapshot) bool) (*snapshot, error) {
	for k.fetch != nil {
		keys, turn, err := k.join(kid, patient, news)
		if keys != nil || err != nil {
			return keys, err
		}
		if err := k.wait(ctx, turn); err != nil {
			return nil, err
		}
	}
	return k.load(), nil
}

// nextFor is next for a call. Shortly before the deadline of the call it refuses with
// [audience.CauseKeysUnavailable] and the time of a retry.
func (k *keySet) nextFor(ctx context.Context, kid string, patient bool, news func(*snapshot) bool) (*snapshot, error) {
	until, cancel := answerable(ctx)
	defer cancel()
	keys, err := k.next(until, kid, patient, news)
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

// turn is the place of a call in the queue, and the end of the fetch it waits for.
type turn struct {
	ended <-chan struct{} // closed at the end of the fetch
	call  *waitingCall    // nil while there are no keys: then all calls wait
}

// join returns the present keys if they satisfy news. Otherwise it makes sure that a
// fetch runs or is scheduled, and returns the turn of the call:
//
//	there are keys that satisfy news     those keys
//	the key set is closed                unavailable
//	a fetch is under way                 wait for it
//	the pause after a failure lasts      unavailable
//	no keys yet, or the cool-down is over  start a fetch and wait for it
//	not patient                          errNotNow
//	otherwise                            schedule a fetch at the end of the cool-down and wait
func (k *keySet) join(kid string, patient bool, news func(*snapshot) bool) (keys *snapshot, t turn, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, keys, allowed := time.Now(), k.load(), k.spent.Add(k.cooldown)
	cold := keys == nil
	switch {
	case !cold && news(keys):
		return keys, turn{}, nil
	case k.closed:
		return nil, turn{}, k.unavailableLocked(errClosed)
	case k.running:
	case now.Before(k.notUntil):
		return nil, turn{}, k.unavailableLocked(k.err)
	case cold || k.spent.IsZero() || !now.Before(allowed):
		k.wanted = !cold
		k.startLocked()
	case !patient:
		return nil, turn{}, errNotNow
	default:
		k.wanted = true
		k.hastenLocked(allowed)
	}
	if t.ended = k.ended; !cold {
		if t.call = k.waiting.add(kid); t.call == nil {
			return nil, turn{}, k.unavailableLocked(errDisplaced)
		}
	}
	return nil, t, nil
}

// wait waits for the fetch of a turn, and returns nil if it succeeded.
func (k *keySet) wait(ctx context.Context, t turn) error {
	if t.call == nil {
		t.call = &waitingCall{left: true}
	}
	var tooLong <-chan time.Time
	if t.call.brief {
		timer := time.NewTimer(briefWait)
		defer timer.Stop()
		tooLong = timer.C
	}
	var err error
	select {
	case <-ctx.Done():
	case <-t.call.ended:
		err = errDisplaced
	case <-tooLong:
		err = errDisplaced
	case <-t.ended:
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiting.remove(t.call)
	switch err = cmp.Or(err, k.err); {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return k.unavailableLocked(err)
	}
	return nil
}
