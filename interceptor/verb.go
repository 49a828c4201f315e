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

var errNoCaller = errors.New("interceptor: no admitted caller in the context; use that of the handler")

// find gets the token that p lacks, and notes how it was asked for.
func (c *perRPC) find(ctx context.Context, p *presented) (err error) {
	if c.verb != asService {
		a, ok := admittedFrom(ctx)
		switch {
		case !ok:
			return errNoCaller
		case c.verb == forward:
			p.token = a.token
			return a.forwardTo(c.request.Audience)
		}
		p.request.Subject, p.request.SubjectIssuer = a.token, a.claims.Issuer()
		if p.request.Actor, err = c.actor.token(ctx); err != nil {
			return fmt.Errorf("interceptor: the actor's own token: %w", err)
		}
	}
	p.token, err = c.tokens.Token(ctx, p.request)
	return err
}

// forwardTo refuses to pass on a token that its target could not use, or should
// not have.
func (a *admitted) forwardTo(aud string) error {
	switch {
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
