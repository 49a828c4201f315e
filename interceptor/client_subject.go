package interceptor

import (
	"context"
	"errors"
	"fmt"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/tokensource"
)

// subject is whom a call is made for: the caller that a handler is serving, or the user
// of a front end.
type subject struct {
	who      string // "caller" or "user", for errors
	token    tokensource.Token
	issuer   string
	audience []string     // aud
	opaque   bool         // the client cannot read the token
	check    func() error // says why calls may no longer be made for it; nil while they may
}

// subject returns whom a call with this context is made for.
func (c *perRPC) subject(ctx context.Context) (*subject, error) {
	u := userFrom(ctx)
	_, guarded := admission.FromContext(ctx)
	switch {
	case u == nil:
		return admittedFrom(ctx)
	case guarded:
		return nil, errors.New("interceptor: the context has both the caller of a handler and a user of ForUser: use one of the two contexts")
	}
	return u.subject(ctx, c.plan)
}

// admittedFrom returns the caller of a handler with this context. Only package admission
// makes its authority, so that a handler cannot exchange a token that was not judged. It
// is an error if the call has ended, if the token was revoked, and if the checker of
// revocations does not know.
func admittedFrom(ctx context.Context) (*subject, error) {
	authority, err := admission.AuthorityFrom(ctx)
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		if refusal.Cause == audience.CauseRevocationUnavailable {
			return nil, fmt.Errorf("interceptor: whether the caller's token was revoked: %w: %w", tokensource.ErrUnavailable, err)
		}
		return nil, callerEndedError{fmt.Errorf("interceptor: the caller's token: %w", err)}
	}
	if err != nil {
		return nil, atCaller(err)
	}
	return &subject{
		who: "caller", token: tokensource.NewToken(authority.Reveal(), authority.Expiry()),
		issuer: authority.Issuer(), audience: authority.Audience(), check: func() error { return atCaller(authority.Check()) },
	}, nil
}

// atCaller returns an error of package admission, which may be nil, as one of this package.
func atCaller(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, admission.ErrNoCaller):
		return fmt.Errorf("interceptor: %w; a program that has logged a user in calls with a context of ForUser", err)
	}
	return fmt.Errorf("interceptor: %w", err)
}

// expired returns the error for a subject whose token has expired.
func (s *subject) expired() error {
	return callerEndedError{fmt.Errorf("interceptor: the %s's token has expired", s.who)}
}
