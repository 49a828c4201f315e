package interceptor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/grpcaud/grpcaud/tokensource"
)

// verb is whose token a call bears.
type verb int

const (
	asService verb = iota
	onBehalfOf
	forward
)

// find gets the token that a call is to bear.
func (c *perRPC) find(ctx context.Context) (*presented, error) {
	if c.verb == asService {
		return c.findOwn(ctx)
	}
	a, err := admittedFrom(ctx)
	switch {
	case err != nil:
		return nil, err
	case c.verb == onBehalfOf:
		return c.exchange(ctx, a)
	}
	if err := a.forwardTo(c.request.Audience, c.accepts); err != nil {
		return nil, err
	}
	return newPresented(nil, c.request, a.token), nil
}

// findOwn gets the client's own token, which as a rule is that of the last call.
func (c *perRPC) findOwn(ctx context.Context) (*presented, error) {
	token, err := c.own(ctx)
	if err != nil {
		return nil, err
	}
	p := c.last.Load()
	if p == nil || p.token != token {
		p = newPresented(c.tokens, c.request, token)
		c.last.Store(p)
	}
	return p, nil
}

// exchange gets a token for the one that a caller was admitted by.
func (c *perRPC) exchange(ctx context.Context, a *admitted) (*presented, error) {
	actor, err := c.actor.token(ctx)
	if err != nil {
		return nil, fmt.Errorf("interceptor: the actor's own token: %w", err)
	}
	r := c.request
	r.Subject, r.SubjectIssuer, r.Actor = a.token, a.claims.Issuer(), actor
	token, err := c.tokens.Token(ctx, r)
	if err == nil {
		err = a.lasts() // the exchange may have taken longer than the call
	}
	if err != nil {
		return nil, err
	}
	return newPresented(c.tokens, r, token), nil
}

// forwardTo refuses to pass on a token that its target could not use, or should
// not have: one that is addressed to it by the issuer of others is not for it. Nil
// issuers are unknown.
func (a *admitted) forwardTo(aud string, issuers []string) error {
	switch {
	case issuers != nil && !slices.Contains(issuers, a.claims.Issuer()):
		return fmt.Errorf("interceptor: the caller's token is of %q, and %q accepts those of %q", a.claims.Issuer(), aud, issuers)
	case !slices.Contains(a.claims.Audience(), aud):
		return fmt.Errorf("interceptor: the caller's token is for %q, not for %q; exchange it with OnBehalfOf", a.claims.Audience(), aud)
	case !a.token.Valid():
		return errors.New("interceptor: the caller's token has expired")
	}
	return nil
}

// actor is how a service proves that it is the one which acts for its caller.
type actor struct {
	tokens   tokensource.Tokens
	audience string
}

// Actor has [OnBehalfOf] say who acts: each exchange presents, beside the
// caller's token, one of the service itself, which it gets from tokens for this
// audience (actor_token; RFC 8693, section 2.1). The default is that the issuer
// takes whoever asks for the actor.
func Actor(tokens tokensource.Tokens, aud string) CredentialsOption {
	return credentialsOption(func(c *perRPC) { c.actor = actor{tokens, aud} })
}

func (a actor) check(v verb) error {
	switch {
	case v != onBehalfOf:
		return errors.New("interceptor: an actor is for OnBehalfOf alone")
	case a.tokens == nil:
		return errors.New("interceptor: no source of the actor's tokens")
	case a.audience == "":
		return errors.New("interceptor: empty audience of the actor's token")
	}
	return nil
}

// token returns the actor's token; the zero one if there is no actor.
func (a actor) token(ctx context.Context) (tokensource.Token, error) {
	if a.tokens == nil {
		return tokensource.Token{}, nil
	}
	return a.tokens.Token(ctx, tokensource.Request{Audience: a.audience})
}
