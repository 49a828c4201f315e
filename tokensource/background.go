package tokensource

import (
	"context"
	"sync"
)

// background runs the fetches of a cache. They do not end with the callers that wait
// for them; they end with the cache.
type background struct {
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	mu     sync.Mutex // guards the start of work against stop
}

func newBackground() *background {
	b := &background{}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// run runs f in a goroutine. After stop, it runs f at once and in the caller's
// goroutine, under a context that has ended.
func (b *background) run(f func(context.Context)) {
	b.mu.Lock()
	running := !b.stopped()
	if running {
		b.work.Go(func() { f(b.ctx) })
	}
	b.mu.Unlock()
	if !running {
		f(b.ctx)
	}
}

func (b *background) stopped() bool { return b.ctx.Err() != nil }

// stop ends the context of all work; no work begins after it.
func (b *background) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cancel()
}

// wait waits for the end of all work. It is called after stop.
func (b *background) wait() { b.work.Wait() }
