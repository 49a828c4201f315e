package tokensource

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// lane leads to one endpoint: it takes so many requests at a time, and none for
// as long as the endpoint has said that it wants to be left alone.
type lane struct {
	slots chan struct{}
	pause atomic.Pointer[outage] // the last Retry-After
}

func newLane(parallel int) *lane { return &lane{slots: make(chan struct{}, parallel)} }

// do runs f, which asks the endpoint, when it is its turn.
func (l *lane) do(ctx context.Context, f func() (answer, error)) (answer, error) {
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	if o := l.pause.Load(); o != nil && time.Now().Before(o.until) {
		return answer{}, o
	}
	got, err := f()
	var o *outage
	if errors.As(err, &o) && !o.until.IsZero() {
		l.pause.Store(o) // for all keys: it is the endpoint that is busy
	}
	return got, err
}
