package tokensource

import (
	"context"
	"slices"
	"sync/atomic"
	"time"
)

// For returns a function that asks tokens for r, as their Token does, for whoever
// makes the same request again and again: of a [*Source] it remembers where the
// token is kept. The errors are those of Token. The function is safe for concurrent
// use, and keeps nothing that has to be closed.
func For(tokens Source, r Request) func(context.Context) (Token, error) {
	r.Also = slices.Clone(r.Also) // the caller may change its own
	if source, ok := tokens.(*Cache); ok {
		return (&standing{source: source, request: r}).token
	}
	return func(ctx context.Context) (Token, error) { return tokens.Token(ctx, r) }
}

// standing is a request that is made again and again.
type standing struct {
	entry   atomic.Pointer[entry] // where the token was kept last
	source  *Cache
	request Request
}

func (o *standing) token(ctx context.Context) (Token, error) {
	e, now := o.entry.Load(), time.Now()
	if e == nil || e.gone.Load() {
		var err error
		if e, err = o.source.entryOf(&o.request, now); err != nil {
			return Token{}, err
		}
		o.entry.Store(e)
	}
	e.touch(now)
	return e.get(ctx, now)
}
