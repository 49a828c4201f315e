package tokensource

import "context"

// Source returns tokens; [*Cache] is the implementation of this package. An
// implementation must be safe for concurrent use, and must never return a token that
// was issued for a different request.
type Source interface {
	Token(ctx context.Context, r Request) (Token, error)
}

// Func is a function that implements [Source]. It caches nothing; [NewFunc] returns a
// cache over it.
type Func func(ctx context.Context, r Request) (Token, error)

// Token calls f.
func (f Func) Token(ctx context.Context, r Request) (Token, error) { return f(ctx, r) }
