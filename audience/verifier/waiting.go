package verifier

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

const (
	maxWaiting = 256             // calls that wait for the next keys of one issuer
	briefWait  = 5 * time.Second // how long they wait at most, but for these:
	maxPatient = 192             // the first of all,
	maxSameKid = 64              // and of those that name one key,
	maxKids    = 32              // while no more keys are named

	answerMargin = 250 * time.Millisecond // before a call's deadline, at most: the answer needs time to arrive
)

var (
	errDisplaced = errors.New("too many calls wait for the issuer's next keys")
	errNoTime    = errors.New("the issuer did not answer before the call's deadline")
)

// waiting are the calls that wait for the next keys of an issuer, in order of
// arrival. A lock of its owner guards it. Calls whose tokens name the same key
// are one group: if too many wait, the largest group gives way, and among equals
// the one that has waited longest. So neither a flood with one kid nor one with
// many shuts out the token of a key that is really new. In a crowd most calls wait
// briefly, so that strangers do not hold many streams until the keys come.
type waiting struct {
	calls []*waitingCall
	named map[string]int // how many of them name a kid
}

type waitingCall struct {
	kid   string
	brief bool          // it does not wait for the keys if they take long
	left  bool          // it waits no more
	ended chan struct{} // closed when it has to give way
}

// add adds a call whose token names that kid; nil if there is no place for it.
func (w *waiting) add(kid string) *waitingCall {
	if len(w.calls) >= maxWaiting {
		largest := 0
		for _, n := range w.named {
			largest = max(largest, n)
		}
		if w.named[kid] >= largest {
			return nil
		}
		oldest := w.calls[slices.IndexFunc(w.calls, func(c *waitingCall) bool { return w.named[c.kid] == largest })]
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
func (w *waiting) remove(c *waitingCall) {
	if c.left {
		return
	}
	c.left = true
	w.calls = slices.DeleteFunc(w.calls, func(other *waitingCall) bool { return other == c })
	if w.named[c.kid]--; w.named[c.kid] == 0 {
		delete(w.named, c.kid)
	}
}

// answerable returns a context that ends a moment before the deadline of ctx, so
// that a call which waits in vain is told when to come again, and does not just
// run out of time.
func answerable(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(time.Until(deadline)/10, answerMargin)))
}

// next returns the keys at hand once they are news: what the caller looks for.
// Until then it waits for the end of the next fetch. It starts that fetch if
// tokens may cause one now; else a patient call waits for the one that they may
// cause next, and another is told errNotNow. It refuses with
// [audience.CauseKeysUnavailable] when the fetch fails or too many wait for it:
// nothing is known of the token then. The caller's own context bounds the wait.
// Keys that were given are all there will ever be, whatever the news.
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

// nextFor is next on behalf of a call, which is told a moment before its
// deadline that nothing is known yet, and when to come again.
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

// turn is what a call waits for: the end of a fetch, in its place among others.
type turn struct {
	ended <-chan struct{} // closed at the end of the fetch
	call  *waitingCall    // nil where all wait, for the first keys
}

// join returns the keys at hand if they are news. Else it makes sure that a
// fetch will end, and returns what tells so.
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

// wait returns nil when a fetch that join promised has ended well.
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
