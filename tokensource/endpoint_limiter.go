package tokensource

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// maxParallel is how many requests to one endpoint run at a time; further ones wait.
const maxParallel = 16

// endpointLimiter limits the requests to one endpoint: [maxParallel] at a time, and none
// until the end of the last Retry-After.
type endpointLimiter struct {
	slots chan struct{}
	pause atomic.Pointer[unavailableError] // the last one with a Retry-After
}

func newEndpointLimiter() *endpointLimiter {
	return &endpointLimiter{slots: make(chan struct{}, maxParallel)}
}

// do runs f, which sends a request to the endpoint, when a slot is free.
func (l *endpointLimiter) do(ctx context.Context, f func() (fetchedToken, error)) (fetchedToken, error) {
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
		return fetchedToken{}, ctx.Err()
	}
	if e := l.pause.Load(); e != nil && time.Now().Before(e.until) {
		return fetchedToken{}, e
	}
	got, err := f()
	if e, ok := errors.AsType[*unavailableError](err); ok && !e.until.IsZero() {
		l.pause.Store(e) // for all keys: the endpoint is busy, not one token
	}
	return got, err
}
