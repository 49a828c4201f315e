package tokensource

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// NewFunc returns a cache of the tokens that f returns. At most one call of f for the
// same request runs at a time, and at most 16 calls run in all. F must return
// when its context ends, since Close waits for it. An error of f is [ErrUnavailable]
// unless it wraps an error of this package; a panic of f is [ErrRefused]. A token without
// an expiry and without exp is cached for five minutes. NewFunc fails if f is nil.
func NewFunc(f func(ctx context.Context, r Request) (Token, error), opts ...Option) (*Cache, error) {
	if f == nil {
		return nil, errors.New("tokensource: nil function")
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	return newCache(&function{f: f, limiter: newEndpointLimiter()}, o, newBackground())
}

// function fetches by calling a function.
type function struct {
	f       func(context.Context, Request) (Token, error)
	limiter *endpointLimiter
	ofUser  bool // the tokens are those of a user who has logged in
}

func (f *function) check(r Request) error { return r.check(r.SubjectIssuer) }

func (f *function) fetch(ctx context.Context, r Request) (fetchedToken, error) {
	return f.limiter.do(ctx, func() (fetchedToken, error) {
		if err := r.checkExpiry(); err != nil {
			return fetchedToken{}, err
		}
		token, err := withoutPanic(func() (Token, error) { return f.f(ctx, r) })
		switch {
		case err == nil:
			return fetchedToken{text: token.Reveal(), expiry: token.Expiry(), ofUser: f.ofUser}, nil
		case errors.Is(err, ErrUnavailable), errors.Is(err, ErrRefused), errors.Is(err, ErrMismatch):
			return fetchedToken{}, err
		}
		return fetchedToken{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	})
}

func (f *function) close() {}

// withoutPanic calls f, which is not of this package, and returns an error if it panics: in
// a goroutine of the cache, a panic would end the process. What f panics with is not
// printed unless it is an error of the runtime, since it may hold a token.
func withoutPanic[T any](f func() (T, error)) (result T, err error) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case runtime.Error:
			err = fmt.Errorf("%w: the source of tokens panicked: %w", ErrRefused, cause)
		default:
			err = fmt.Errorf("%w: the source of tokens panicked with a %T", ErrRefused, cause)
		}
	}()
	return f()
}
