package tokensource

import (
	"context"
	"errors"

	"golang.org/x/oauth2"
)

// OAuth2 returns a source for code that wants x/oauth2's: each call of its Token
// asks tokens for r. That Token has no context of its own, so ctx bounds all its
// waits.
func OAuth2(ctx context.Context, tokens Source, r Request) oauth2.TokenSource {
	return &lent{ctx, tokens, r}
}

// lent implements [oauth2.TokenSource].
type lent struct {
	ctx     context.Context
	tokens  Source
	request Request
}

// Token returns the token at hand, or waits for one.
func (l *lent) Token() (*oauth2.Token, error) {
	token, err := l.tokens.Token(l.ctx, l.request)
	if err != nil {
		return nil, err
	}
	return &oauth2.Token{AccessToken: token.Reveal(), TokenType: "Bearer", Expiry: token.Expiry()}, nil
}

// FromOAuth2 returns a source of the token of src, for one audience: a request for
// another is a [MismatchError] if the token is a JWT. The scopes of a request are
// not looked at, and one with a Subject is refused. FromOAuth2 fails if src is nil,
// or if an option says how an authorization server is asked.
//
// Callers wait for src no longer than their contexts say, and Close does not wait
// for it: a call of src that hangs hangs alone, and is the only one.
func FromOAuth2(src oauth2.TokenSource, opts ...Option) (*Cache, error) {
	if src == nil {
		return nil, errors.New("tokensource: nil oauth2.TokenSource")
	}
	o, err := engineOptions(opts)
	if err != nil {
		return nil, err
	}
	b := &borrowed{src: src, turn: make(chan struct{}, 1)}
	b.function = function{b.borrow, newLane(o.parallel)}
	return newSource(o).start(b)
}

// borrowed mints what x/oauth2 says.
type borrowed struct {
	function
	src  oauth2.TokenSource
	turn chan struct{} // holds one while src is called
}

func (b *borrowed) check(r Request) error { return r.checkOwn("x/oauth2") }

// borrow asks src, which knows no context.
func (b *borrowed) borrow(ctx context.Context, _ Request) (Token, error) {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return Token{}, ctx.Err()
	}
	var tok *oauth2.Token
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		tok, err = b.src.Token()
		<-b.turn
	}()
	select {
	case <-ctx.Done():
		return Token{}, ctx.Err()
	case <-done:
	}
	switch {
	case err != nil:
		return Token{}, borrowedError(err)
	case tok == nil:
		return Token{}, errors.New("x/oauth2: no token and no error")
	}
	answer, err := read(tok, 0, "")
	return NewToken(answer.text, answer.expiry), err
}

// borrowedError is err without the answer that x/oauth2 writes into it.
func borrowedError(err error) error {
	if refusal, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refusal.Response != nil {
		return failure(refusal)
	}
	return err
}
