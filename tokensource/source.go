package tokensource

import "context"

// Tokens hands out tokens; [*Source] is one. It must be safe for concurrent use,
// and must give no token for another request than the one it is asked for.
type Source interface {
	Token(ctx context.Context, r Request) (Token, error)
}

// Func is a function that is a [Source]. It has no memory; [NewFunc] gives it one.
type Func func(ctx context.Context, r Request) (Token, error)

// Token calls f.
func (f Func) Token(ctx context.Context, r Request) (Token, error) { return f(ctx, r) }
