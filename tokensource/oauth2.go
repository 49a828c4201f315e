package tokensource

import (
	"context"
	"errors"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/internal/usertoken"
)

// OAuth2 returns a token source for code that uses x/oauth2. Each call of its method
// Token returns the token for r from tokens. The method has no context parameter, so
// ctx limits all its waits.
func OAuth2(ctx context.Context, tokens Source, r Request) oauth2.TokenSource {
	return &oauth2Adapter{ctx, tokens, r}
}

// oauth2Adapter implements [oauth2.TokenSource].
type oauth2Adapter struct {
	ctx     context.Context
	tokens  Source
	request Request
}

// Token returns the cached token, or waits for one.
func (a *oauth2Adapter) Token() (*oauth2.Token, error) {
	token, err := a.tokens.Token(a.ctx, a.request)
	if err != nil {
		return nil, err
	}
	return &oauth2.Token{AccessToken: token.Reveal(), TokenType: "Bearer", Expiry: token.Expiry()}, nil
}

// FromOAuth2 returns a cache of the token of src, for one audience: a request for
// another one is a [MismatchError] if the token is a JWT. The scopes of a request are
// ignored, and a request with a Subject is refused. FromOAuth2 fails if src is nil.
//
// Callers wait for src no longer than their contexts allow, and Close does not wait
// for it. At most one call of src runs at a time, even if it never returns.
func FromOAuth2(src oauth2.TokenSource, opts ...Option) (*Cache, error) {
	if src == nil {
		return nil, errors.New("tokensource: nil oauth2.TokenSource")
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	s := &oauth2Source{src: src, calling: make(chan struct{}, 1)}
	_, ofUser := src.(usertoken.Source)
	s.function = function{s.call, newEndpointLimiter(), ofUser}
	return newCache(s, o, newBackground())
}

// oauth2Source fetches from a token source of x/oauth2.
type oauth2Source struct {
	function
	src     oauth2.TokenSource
	calling chan struct{} // full while src is called
}

func (s *oauth2Source) check(r Request) error { return r.checkOwn("x/oauth2") }

// call calls src, which takes no context.
func (s *oauth2Source) call(ctx context.Context, _ Request) (Token, error) {
	select {
	case s.calling <- struct{}{}:
	case <-ctx.Done():
		return Token{}, ctx.Err()
	}
	var token *oauth2.Token
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		token, err = withoutPanic(s.src.Token)
		<-s.calling
	}()
	select {
	case <-ctx.Done():
		return Token{}, ctx.Err()
	case <-done:
	}
	switch {
	case err != nil:
		return Token{}, oauth2Error(err)
	case token == nil:
		return Token{}, errors.New("x/oauth2: no token and no error")
	}
	fetched, err := readToken(token, 0, nil, "")
	return NewToken(fetched.text, fetched.expiry), err
}

// oauth2Error returns err without the answer that x/oauth2 writes into it.
func oauth2Error(err error) error {
	refusal, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case ok && refusal.Response != nil:
		return requestError(refusal)
	case ok && refusal.ErrorCode != "": // a source that is not of x/oauth2 has no response
		return &TokenError{Code: sanitize(refusal.ErrorCode), Description: words(refusal.ErrorDescription)}
	}
	return err
}
