package tokensource

import (
	"context"
	"errors"
	"fmt"
)

// Chain returns a source of tokens of another trust domain, for a subject of this
// one (OAuth identity and authorization chaining): at a, the subject's token is
// exchanged for a grant whose only audience is the issuer of b (RFC 8693), and b
// takes that grant for a token for the audience of the request (RFC 7523, section
// 2.1). Each token of b is asked for with a grant of its own. Scope is what b is
// asked for; SubjectIssuer is a's.
//
// A and b must come from [New], and are the caller's to close. The source has a
// memory of its own; of the options, those of [New] that say how a server is asked
// are an error.
func Chain(a, b *Cache, opts ...Option) (*Cache, error) {
	c := &chain{}
	var okA, okB bool
	if a != nil && b != nil {
		c.a, okA = a.minter.(*server)
		c.b, okB = b.minter.(*server)
	}
	if !okA || !okB {
		return nil, errors.New("tokensource: chain: want two sources that New has made")
	}
	return start(c, opts)
}

// chain mints at b with what a has minted.
type chain struct{ a, b *server }

func (c *chain) check(r Request) error {
	if r.Subject.IsZero() {
		return fmt.Errorf("%w: a chain of issuers starts with a subject", ErrRefused)
	}
	leave := c.leave(r)
	if err := leave.check(c.a.issuer); err != nil {
		return err
	}
	if err := c.a.checkGrant(leave, leaving); err != nil {
		return err
	}
	arrive := c.arrive(r, r.Subject.Reveal())
	if err := arrive.check(c.b.issuer); err != nil {
		return err
	}
	return c.b.checkGrant(arrive, JWTBearer)
}

func (c *chain) mint(ctx context.Context, r Request) (answer, error) {
	grant, err := c.a.obtain(ctx, c.leave(r), leaving)
	if err != nil {
		return answer{}, err
	}
	claims, isJWT := peek(grant.text)
	switch {
	case !isJWT:
		return answer{}, fmt.Errorf("%w: chain: the grant of %q is no JWT", ErrUnavailable, c.a.issuer)
	case len(claims.audience) != 1 || claims.audience[0] != c.b.issuer:
		return answer{}, &MismatchError{Want: c.b.issuer, Got: claims.audience, Hint: "a grant for another issuer must be for it alone"}
	}
	return c.b.obtain(ctx, c.arrive(r, grant.text), JWTBearer)
}

func (c *chain) close() {}

// leave is what is asked of a.
func (c *chain) leave(r Request) Request {
	return Request{Audience: c.b.issuer, Subject: r.Subject, SubjectIssuer: r.SubjectIssuer, Actor: r.Actor}
}

// arrive is what is asked of b, which sees nothing of a's subject but the grant.
func (c *chain) arrive(r Request, grant string) Request {
	return Request{Audience: r.Audience, Also: r.Also, Scope: r.Scope, Subject: NewToken(grant, r.Subject.Expiry())}
}
