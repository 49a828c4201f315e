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
// states: each is immutable, and at most one fetch leads from it to the next. So
// reading takes no lock and writes nothing. The rules are those of gRFC A83 and
// A97, for any value.
type cell[T any] struct {
	state atomic.Pointer[state[T]]
	fetch func(context.Context) (kept[T], error)
	spawn func(func(context.Context)) // under the life of the source, not of a caller
}

// kept is a value with its times.
type kept[T any] struct {
	value T
	good  time.Time // the value may be handed out before
	next  time.Time // nothing is fetched before
}

type state[T any] struct {
	kept[T]
	err      error // why the last fetch failed; nil if it did not
	failures int   // in a row

	left  atomic.Bool   // the fetch that leaves this state has begun
	done  chan struct{} // closed when it has ended
	after *state[T]     // where it led; to be read once done is closed
}

func newState[T any](k kept[T]) *state[T] {
	return &state[T]{kept: k, done: make(chan struct{})}
}

// init makes c ready for use.
func (c *cell[T]) init(spawn func(func(context.Context)), fetch func(context.Context) (kept[T], error)) {
	c.spawn, c.fetch = spawn, fetch
	c.state.Store(newState(kept[T]{}))
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
	case ctx.Err() == nil:
		c.leave(s)
		select {
		case <-s.done:
			if s.after.err != nil {
				return value, s.after.err
			}
			return s.after.value, nil
		case <-ctx.Done():
		}
	}
	return value, fmt.Errorf("tokensource: wait for a token: %w", ctx.Err())
}

// leave starts the fetch that leads from s to the next state, unless it has begun.
func (c *cell[T]) leave(s *state[T]) {
	if !s.left.Load() && s.left.CompareAndSwap(false, true) {
		c.spawn(func(ctx context.Context) {
			s.after = c.follow(ctx, s)
			c.state.Store(s.after)
			close(s.done)
		})
	}
}

// follow fetches and returns the state after s.
func (c *cell[T]) follow(ctx context.Context, s *state[T]) *state[T] {
	bounded, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	var got kept[T]
	err := bounded.Err()
	if err == nil {
		got, err = c.fetch(bounded)
	}
	switch {
	case err == nil:
		return newState(got)
	case ctx.Err() != nil:
		err = ErrClosed
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		// The chain ends here: the time that ran out is not the caller's.
		err = fmt.Errorf("%w: no answer in time", ErrUnavailable)
	}
	failed := newState(s.kept)
	var h *held
	if errors.As(err, &h) {
		failed.err, failed.failures, failed.next = h.error, s.failures, h.until
		return failed
	}
	failed.err, failed.failures = err, s.failures+1
	failed.next = retry(time.Now(), s.failures, err)
	return failed
}
