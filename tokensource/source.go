package tokensource

import "context"

// Source hands out tokens; [*Cache] is the one of this package. An implementation
// must be safe for concurrent use, and must never return a token for another request
// than the one it was called with.
type Source interface {
	Token(ctx context.Context, r Request) (Token, error)
}

// Func is a function that is a [SourceOptions]. It caches nothing; [NewFunc] returns a
// cache over it.
type Func func(ctx context.Context, r Request) (Token, error)

// Token calls f.
func (f Func) Token(ctx context.Context, r Request) (Token, error) { return f(ctx, r) }
