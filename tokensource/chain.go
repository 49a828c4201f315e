package tokensource

import (
	"context"
	"errors"
	"fmt"

	"github.com/grpcaud/grpcaud/tokensource/internal/jwt"
)

// Chain returns a cache of tokens of another trust domain for a subject of this one
// (OAuth Identity and Authorization Chaining): the issuer of a exchanges the
// subject's token for an assertion whose only audience is the issuer of b (RFC
// 8693), and the issuer of b exchanges the assertion for a token for the audience of
// the request (RFC 7523, section 2.1). Each token of b needs an assertion of its
// own. Scope applies at b; SubjectIssuer is the issuer of a.
//
// A and b must come from [New]; the caller closes them. The tokens of Chain are
// cached separately from the tokens of a and b.
func Chain(a, b *Cache, opts ...Option) (*Cache, error) {
	c := &chain{}
	var okA, okB bool
	if a != nil && b != nil {
		c.a, okA = a.fetcher.(*authorizationServer)
		c.b, okB = b.fetcher.(*authorizationServer)
	}
	if !okA || !okB {
		return nil, errors.New("tokensource: chain: want two caches that come from New")
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	return newCache(c, o, newBackground())
}

// chain fetches from b with assertions of a.
type chain struct{ a, b *authorizationServer }

func (c *chain) check(r Request) error {
	if r.Subject.IsZero() {
		return fmt.Errorf("%w: a chain of issuers starts with a subject", ErrRefused)
	}
	first := c.firstRequest(r)
	if err := first.check(c.a.issuer); err != nil {
		return err
	}
	if err := c.a.checkGrant(first, exchangeForAssertion); err != nil {
		return err
	}
	second := c.secondRequest(r, r.Subject.Reveal())
	if err := second.check(c.b.issuer); err != nil {
		return err
	}
	return c.b.checkGrant(second, JWTBearer)
}

func (c *chain) fetch(ctx context.Context, r Request) (fetchedToken, error) {
	assertion, err := c.a.fetchWith(ctx, c.firstRequest(r), exchangeForAssertion)
	if err != nil {
		return fetchedToken{}, err
	}
	claims, isJWT := jwt.Read(assertion.text)
	switch {
	case !isJWT:
		return fetchedToken{}, fmt.Errorf("%w: chain: the assertion of %q is no JWT", ErrUnavailable, c.a.issuer)
	case len(claims.Audience) != 1 || claims.Audience[0] != c.b.issuer:
		return fetchedToken{}, &MismatchError{Want: c.b.issuer, Got: claims.Audience, Hint: "an assertion for another issuer must have that issuer as its only audience"}
	}
	return c.b.fetchWith(ctx, c.secondRequest(r, assertion.text), JWTBearer)
}

func (c *chain) close() {}

// firstRequest is the request at a.
func (c *chain) firstRequest(r Request) Request {
	return Request{Audience: c.b.issuer, Subject: r.Subject, SubjectIssuer: r.SubjectIssuer, Actor: r.Actor}
}

// secondRequest is the request at b, which sees nothing of a's subject but the
// assertion. The assertion is made for b alone, so b counts as its issuer.
func (c *chain) secondRequest(r Request, assertion string) Request {
	return Request{
		Audience: r.Audience, Also: r.Also, Scope: r.Scope,
		Subject: NewToken(assertion, r.Subject.Expiry()), SubjectIssuer: c.b.issuer,
	}
}
