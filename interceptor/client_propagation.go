package interceptor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/grpcaud/grpcaud/tokensource"
)

// propagation says whose token a call carries.
type propagation int

const (
	asService    propagation = iota // the client's own
	onBehalfOf                      // one that was exchanged for the caller's
	forwardToken                    // the caller's
)

// invalidGrant is the error of an issuer that is asked to exchange a token which has
// ended or was revoked (RFC 6749, section 5.2).
const invalidGrant = "invalid_grant"

// token returns the token that a call carries.
func (c *perRPC) token(ctx context.Context) (*sentToken, error) {
	if c.propagation == asService {
		return c.ownToken(ctx)
	}
	s, err := c.subject(ctx)
	switch {
	case err != nil:
		return nil, err
	case c.propagation == onBehalfOf:
		return c.exchange(ctx, s)
	}
	if err := s.checkForward(c.request.Audience, c.acceptedIssuers); err != nil {
		return nil, err
	}
	return newSentToken(nil, c.request, s.token).markOfCaller(), nil
}

// ownToken returns the client's own token. It is usually that of the last call.
func (c *perRPC) ownToken(ctx context.Context) (*sentToken, error) {
	token, err := c.source.Token(ctx, c.request)
	if err != nil {
		return nil, err
	}
	last := c.lastSent.Load()
	if last == nil || last.token != token {
		last = newSentToken(c.source, c.request, token)
		c.lastSent.Store(last)
	}
	return last, nil
}

// exchange returns a token that was exchanged for the token of a subject.
func (c *perRPC) exchange(ctx context.Context, s *subject) (*sentToken, error) {
	if !s.token.Valid() {
		return nil, s.expired()
	}
	actor, err := c.actor.token(ctx)
	if err != nil {
		return nil, fmt.Errorf("interceptor: the actor's own token: %w", err)
	}
	r := c.request
	r.Subject, r.SubjectIssuer, r.Actor = s.token, s.issuer, actor
	token, err := c.source.Token(ctx, r)
	refusal, refused := errors.AsType[*tokensource.TokenError](err)
	switch {
	case refused && refusal.SubjectEnded:
		return nil, callerEndedError{err}
	case err != nil:
		return nil, err
	}
	if err := s.check(); err != nil { // the exchange may have taken longer than the call
		return nil, err
	}
	return newSentToken(c.source, r, token).markOfCaller(), nil
}

// checkForward refuses to forward a token that its target could not use, or should not
// get: if the target does not accept the issuer, the token is not meant for it, whatever
// its aud says. If issuers is nil, they are not known.
func (s *subject) checkForward(aud string, issuers []string) error {
	switch {
	case issuers != nil && !slices.Contains(issuers, s.issuer):
		return fmt.Errorf("interceptor: the %s's token is of issuer %q, and %q accepts only tokens of %q", s.who, s.issuer, aud, issuers)
	case s.opaque:
		return fmt.Errorf("interceptor: the %s's token is opaque, so that it is not known whether it is for %q; exchange it with OnBehalfOf", s.who, aud)
	case !slices.Contains(s.audience, aud):
		return fmt.Errorf("interceptor: the %s's token is for %q, not for %q; exchange it with OnBehalfOf", s.who, s.audience, aud)
	case !s.token.Valid():
		return s.expired()
	}
	return nil
}

// actor is the source of the tokens with which a service proves that it acts for its
// caller.
type actor struct {
	tokens   tokensource.Source
	audience string
}

// Actor makes [OnBehalfOf] name the acting service: each exchange has, in addition to
// the caller's token, a token of the service itself for this audience (actor_token;
// RFC 8693, section 2.1). The default is none: the issuer then treats the client that
// requests the exchange as the actor.
func Actor(tokens tokensource.Source, aud string) CredentialsOption {
	return credentialsOption(func(c *perRPC) { c.actor = actor{tokens, aud} })
}

func (a actor) check(how propagation) error {
	switch {
	case how != onBehalfOf:
		return errors.New("interceptor: option Actor is for OnBehalfOf only")
	case a.tokens == nil:
		return errors.New("interceptor: no source of the actor's tokens")
	case a.audience == "":
		return errors.New("interceptor: empty audience of the actor's token")
	}
	return nil
}

// token returns the actor's token; the zero value if there is no actor.
func (a actor) token(ctx context.Context) (tokensource.Token, error) {
	if a.tokens == nil {
		return tokensource.Token{}, nil
	}
	return a.tokens.Token(ctx, tokensource.Request{Audience: a.audience})
}
