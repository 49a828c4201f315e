package tokensource

import (
	"context"
	"errors"
	"fmt"
)

// NewFunc returns a cache of the tokens that f returns. At most one call of f for the
// same request runs at a time, and at most 16 calls run in all. F must return
// when its context ends, since Close waits for it. An error of f is [ErrUnavailable]
// unless it wraps an error of this package. A token without an expiry and without
// exp is cached for five minutes. NewFunc fails if f is nil.
func NewFunc(f func(ctx context.Context, r Request) (Token, error), opts ...Option) (*Cache, error) {
	if f == nil {
		return nil, errors.New("tokensource: nil function")
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	return newCache(&function{f, newEndpointLimiter()}, o, newBackground())
}

// function fetches by calling a function.
type function struct {
	f       func(context.Context, Request) (Token, error)
	limiter *endpointLimiter
}

func (f *function) check(r Request) error { return r.check(r.SubjectIssuer) }

func (f *function) fetch(ctx context.Context, r Request) (fetchedToken, error) {
	return f.limiter.do(ctx, func() (fetchedToken, error) {
		if err := r.checkExpiry(); err != nil {
			return fetchedToken{}, err
		}
		token, err := f.f(ctx, r)
		switch {
		case err == nil:
			return fetchedToken{text: token.Reveal(), expiry: token.Expiry()}, nil
		case errors.Is(err, ErrUnavailable), errors.Is(err, ErrRefused), errors.Is(err, ErrMismatch):
			return fetchedToken{}, err
		}
		return fetchedToken{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	})
}

func (f *function) close() {}
