package tokensource

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// fetchTimeout bounds one fetch with all that it needs: a look at discovery, the
// wait for a free slot, and the request.
const fetchTimeout = 30 * time.Second

// cell keeps one value fresh for as long as it is asked for. It is a chain of
// states: each is immutable, and at most one flight leads from it to the next. So
// reading takes no lock and writes nothing. The rules are those of gRFC A83 and
// A97, for any value.
type cell[T any] struct {
	state atomic.Pointer[state[T]]
	fetch func(context.Context) (kept[T], error)
	spawn func(func(context.Context)) // under the life of the source, not of a caller

	ended  func(before, after *state[T]) // is told of each flight; may be nil
	waited func(time.Duration)           // is told of each wait; may be nil
}

// kept is a value with its times.
type kept[T any] struct {
	value T
	good  time.Time // the value may be handed out before
	next  time.Time // nothing is fetched before
}

type state[T any] struct {
	kept[T]
	at       time.Time // of the last fetch
	err      error     // why it failed; nil if it did not
	failures int       // in a row
	backoff  int       // how many of them count for the pause

	flight *flight[T] // out of this state
}

// flight is a fetch that leads from one state to another.
type flight[T any] struct {
	begun atomic.Bool
	done  chan struct{} // closed when it has ended
	after *state[T]     // where it led; to be read once done is closed
}

func newFlight[T any]() *flight[T] { return &flight[T]{done: make(chan struct{})} }

// init makes c ready for use.
func (c *cell[T]) init(spawn func(func(context.Context)), fetch func(context.Context) (kept[T], error)) {
	c.spawn, c.fetch = spawn, fetch
	c.state.Store(&state[T]{flight: newFlight[T]()})
}

// get returns the value at once if it is good, and the error of the last fetch at
// once if it is too early for another. Else it waits for a fetch, as long as ctx
// allows.
func (c *cell[T]) get(ctx context.Context, now time.Time) (value T, err error) {
	s := c.state.Load()
	early := now.Before(s.next)
	switch {
	case now.Before(s.good):
		if !early {
			c.leave(s)
		}
		return s.value, nil
	case s.err != nil && early:
		return value, s.err
	case ctx.Err() != nil:
		return value, noTime(ctx)
	}
	c.leave(s)
	if c.waited != nil {
		defer func() { c.waited(time.Since(now)) }()
	}
	select {
	case <-s.flight.done:
		if err := s.flight.after.err; err != nil {
			return value, err
		}
		return s.flight.after.value, nil
	case <-ctx.Done():
		return value, noTime(ctx)
	}
}

func noTime(ctx context.Context) error {
	return fmt.Errorf("tokensource: wait for a token: %w", ctx.Err())
}

// leave starts the flight out of s, unless it has begun.
func (c *cell[T]) leave(s *state[T]) {
	f := s.flight
	if f.begun.Load() || !f.begun.CompareAndSwap(false, true) {
		return
	}
	c.spawn(func(ctx context.Context) {
		pause(ctx, s.next)
		got, err := c.try(ctx)
		for { // until forget does not come between
			before := c.state.Load()
			f.after = before.then(got, err)
			if c.state.CompareAndSwap(before, f.after) {
				close(f.done)
				if c.ended != nil {
					c.ended(before, f.after)
				}
				return
			}
		}
	})
}

// try fetches once. Its error is of a known kind.
func (c *cell[T]) try(ctx context.Context) (got kept[T], err error) {
	bounded, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	if err = bounded.Err(); err == nil {
		got, err = c.fetch(bounded)
	}
	switch {
	case err == nil:
		return got, nil
	case ctx.Err() != nil:
		return got, ErrClosed
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		// The chain ends here: the time that ran out is not the caller's.
		return got, fmt.Errorf("%w: no answer in time", ErrUnavailable)
	}
	return got, err
}

// then returns the state after s and the outcome of a fetch.
func (s *state[T]) then(got kept[T], err error) *state[T] {
	now := time.Now() // pauses are of the monotonic clock: no step of the other makes them long
	if err == nil {
		return &state[T]{kept: got, at: now, flight: newFlight[T]()}
	}
	failed := &state[T]{kept: s.kept, at: now, err: err, failures: s.failures + 1, backoff: s.backoff, flight: newFlight[T]()}
	if h, ok := errors.AsType[*held](err); ok {
		failed.err, failed.next = h.error, h.until
		return failed
	}
	failed.next = retry(now, s.backoff, err)
	failed.backoff++
	return failed
}

// forget takes the value out of s, if that is still c's state, and reports whether
// it was. The next fetch is not sooner than any other would be: after an error,
// when its pause is over, else a second after the last answer.
func (c *cell[T]) forget(s *state[T]) bool {
	empty := &state[T]{at: s.at, err: s.err, failures: s.failures, backoff: s.backoff, flight: s.flight}
	empty.next = s.at.Add(time.Second)
	if s.err != nil {
		empty.next = s.next
	}
	return c.state.CompareAndSwap(s, empty)
}

// pause waits until then, or for the end of ctx.
func pause(ctx context.Context, then time.Time) {
	d := time.Until(then)
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
