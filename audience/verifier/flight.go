package verifier

import (
	"context"
	"errors"
	"sync"
)

// flights runs a call for all who want its outcome: one for each key at a time,
// and only so many at once. Each runs in its own goroutine under its own
// timeout, and never on behalf of one caller alone.
type flights[K comparable, V any] struct {
	bound int

	mu      sync.Mutex // guards what follows
	running map[K]*flight[V]
	closed  bool
}

type flight[V any] struct {
	ended   chan struct{} // closed when outcome is there
	outcome V
	cancel  context.CancelFunc
}

var errTooMany = errors.New("too many questions are under way")

func newFlights[K comparable, V any](bound int) *flights[K, V] {
	return &flights[K, V]{bound: bound, running: map[K]*flight[V]{}}
}

// do returns the outcome of the call for key, of the one under way if there is
// one. Its error is errTooMany, errClosed or ctx's.
func (f *flights[K, V]) do(ctx context.Context, key K, call func(context.Context) V) (outcome V, err error) {
	running, err := f.join(key, call)
	if err != nil {
		return outcome, err
	}
	select {
	case <-ctx.Done():
		return outcome, ctx.Err()
	case <-running.ended:
		return running.outcome, nil
	}
}

func (f *flights[K, V]) join(key K, call func(context.Context) V) (*flight[V], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if running, ok := f.running[key]; ok {
		return running, nil
	}
	switch {
	case f.closed:
		return nil, errClosed
	case len(f.running) >= f.bound:
		return nil, errTooMany
	}
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	running := &flight[V]{ended: make(chan struct{}), cancel: cancel}
	f.running[key] = running
	go func() {
		defer cancel()
		running.outcome = call(ctx)
		f.mu.Lock()
		delete(f.running, key)
		f.mu.Unlock()
		close(running.ended)
	}()
	return running, nil
}

// close ends the calls under way and refuses all to come.
func (f *flights[K, V]) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for _, running := range f.running {
		running.cancel()
	}
}
