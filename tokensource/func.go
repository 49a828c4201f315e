package tokensource

import (
	"context"
	"errors"
	"fmt"
)

// NewFunc returns a source of what f says: it puts a memory around a function, and
// all that comes with it. F is called at most once at a time for one request, and at
// most [Parallel] times at a time in all; it must end when its context does, for
// Close waits for it. An error of f is [ErrUnavailable] unless it is one of this
// package; a token without an expiry and without exp is kept for five minutes.
// NewFunc fails if f is nil, or if an option says how an authorization server is
// asked.
func NewFunc(f func(ctx context.Context, r Request) (Token, error), opts ...Option) (*Cache, error) {
	if f == nil {
		return nil, errors.New("tokensource: nil function")
	}
	o, err := engineOptions(opts)
	if err != nil {
		return nil, err
	}
	return newSource(o).start(&function{f, newLane(o.parallel)})
}

// function mints what a function says.
type function struct {
	f    func(context.Context, Request) (Token, error)
	lane *lane
}

func (f *function) check(r Request) error { return r.check(r.SubjectIssuer) }

func (f *function) mint(ctx context.Context, r Request) (answer, error) {
	return f.lane.do(ctx, func() (answer, error) {
		if err := r.fresh(); err != nil {
			return answer{}, err
		}
		token, err := f.f(ctx, r)
		switch {
		case err == nil:
			return answer{text: token.Reveal(), expiry: token.Expiry()}, nil
		case errors.Is(err, ErrUnavailable), errors.Is(err, ErrRefused), errors.Is(err, ErrMismatch):
			return answer{}, err
		}
		return answer{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	})
}

func (f *function) close() {}
