package tokensource

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/internal/backoff"
)

// fetchTimeout bounds one fetch with all its steps: the metadata of the issuer, the
// wait for a free slot, and the token request.
const fetchTimeout = 30 * time.Second

// maxPause is the upper limit of a pause after a failure, also of one that a
// Retry-After asks for.
const maxPause = 120 * time.Second

// retryPause is the pause after a failure: the back-off of gRPC's connections.
var retryPause = backoff.Policy{First: time.Second, Max: maxPause, Jitter: 0.2}

// cachedValue keeps one value fresh for as long as it is requested. It is a chain of
// states: each state is immutable, and at most one refresh leads from it to the next
// one. So a read takes no lock and writes nothing. The rules are those of gRFC A83
// and A97, for any value.
type cachedValue[T any] struct {
	state atomic.Pointer[state[T]]
	fetch func(context.Context) (timed[T], error)
	run   func(func(context.Context)) // runs a refresh in the background

	onRefresh func(before, after *state[T]) // called after each refresh; may be nil
	onWait    func(time.Duration)           // called after each wait; may be nil
}

// timed is a value with its times.
type timed[T any] struct {
	value       T
	usableUntil time.Time // the value may be handed out before
	nextFetch   time.Time // no fetch before
}

type state[T any] struct {
	timed[T]
	fetched  time.Time // when the last fetch ended
	err      error     // the error of the last fetch; nil if it succeeded
	failures int       // in a row
	pauses   int       // how many of the failures count for the back-off

	refresh *refresh[T] // replaces this state
}

// refresh is one fetch that replaces a state.
type refresh[T any] struct {
	started atomic.Bool
	done    chan struct{} // closed at the end
	result  *state[T]     // the new state; to be read after done is closed
}

func newRefresh[T any]() *refresh[T] { return &refresh[T]{done: make(chan struct{})} }

// init makes v ready for use.
func (v *cachedValue[T]) init(run func(func(context.Context)), fetch func(context.Context) (timed[T], error)) {
	v.run, v.fetch = run, fetch
	v.state.Store(&state[T]{refresh: newRefresh[T]()})
}

// get returns the value at once if it is usable, and the error of the last fetch at
// once if it is too early for another fetch. Otherwise it waits for a fetch, as long
// as ctx allows.
func (v *cachedValue[T]) get(ctx context.Context, now time.Time) (value T, err error) {
	s := v.state.Load()
	early := now.Before(s.nextFetch)
	switch {
	case now.Before(s.usableUntil):
		if !early {
			v.startRefresh(s)
		}
		return s.value, nil
	case s.err != nil && early:
		return value, s.err
	case ctx.Err() != nil:
		return value, waitError(ctx)
	}
	v.startRefresh(s)
	if v.onWait != nil {
		defer func() { v.onWait(time.Since(now)) }()
	}
	select {
	case <-s.refresh.done:
		if err := s.refresh.result.err; err != nil {
			return value, err
		}
		return s.refresh.result.value, nil
	case <-ctx.Done():
		return value, waitError(ctx)
	}
}

func waitError(ctx context.Context) error {
	return fmt.Errorf("tokensource: wait for a token: %w", ctx.Err())
}

// startRefresh starts the fetch that replaces s, unless it has started.
func (v *cachedValue[T]) startRefresh(s *state[T]) {
	r := s.refresh
	if r.started.Load() || !r.started.CompareAndSwap(false, true) {
		return
	}
	v.run(func(ctx context.Context) {
		sleepUntil(ctx, s.nextFetch)
		got, err := v.fetchOnce(ctx)
		for { // repeats if forget has replaced the state meanwhile
			before := v.state.Load()
			r.result = before.next(got, err)
			if v.state.CompareAndSwap(before, r.result) {
				close(r.done)
				if v.onRefresh != nil {
					v.onRefresh(before, r.result)
				}
				return
			}
		}
	})
}

// fetchOnce fetches, and returns errors of known kinds only.
func (v *cachedValue[T]) fetchOnce(ctx context.Context) (got timed[T], err error) {
	bounded, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	if err = bounded.Err(); err == nil {
		got, err = v.fetch(bounded)
	}
	switch {
	case err == nil:
		return got, nil
	case ctx.Err() != nil:
		return got, ErrClosed
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		// The cause is left out: a caller would take it for its own deadline.
		return got, fmt.Errorf("%w: no answer in time", ErrUnavailable)
	}
	return got, err
}

// next returns the state after s and the result of a fetch.
func (s *state[T]) next(got timed[T], err error) *state[T] {
	now := time.Now() // with its monotonic part, so that no step of the wall clock prolongs a pause
	if err == nil {
		return &state[T]{timed: got, fetched: now, refresh: newRefresh[T]()}
	}
	failed := &state[T]{timed: s.timed, fetched: now, err: err, failures: s.failures + 1, pauses: s.pauses, refresh: newRefresh[T]()}
	if fixed, ok := errors.AsType[*retryAtError](err); ok {
		failed.err, failed.nextFetch = fixed.error, fixed.at
		return failed
	}
	failed.nextFetch = retryAt(now, s.pauses, err)
	failed.pauses++
	return failed
}

// retryAt returns when to try again after err, which followed this many failures in
// a row: after the back-off, and not before a time that the issuer has named.
func retryAt(now time.Time, failures int, err error) time.Time {
	at := now.Add(min(retryPause.Pause(failures), maxPause))
	if named, ok := errors.AsType[*unavailableError](err); ok && named.until.After(at) {
		return named.until
	}
	return at
}

// forget removes the value from s, if s is still the current state, and reports
// whether it was. The next fetch is no sooner than otherwise: at the end of the
// pause after an error, else one second after the last fetch.
func (v *cachedValue[T]) forget(s *state[T]) bool {
	empty := &state[T]{fetched: s.fetched, err: s.err, failures: s.failures, pauses: s.pauses, refresh: s.refresh}
	empty.nextFetch = s.fetched.Add(time.Second)
	if s.err != nil {
		empty.nextFetch = s.nextFetch
	}
	return v.state.CompareAndSwap(s, empty)
}

// sleepUntil waits until t, or for the end of ctx.
func sleepUntil(ctx context.Context, t time.Time) {
	d := time.Until(t)
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
