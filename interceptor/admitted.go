package interceptor

import (
	"context"
	"errors"
	"fmt"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/tokensource"
)

// admitted is what a caller was admitted by: the claims, and the token that
// they come from, to be shown further on. Only this package can reach it, so
// that a handler cannot exchange a token that was not judged.
type admitted struct {
	call   *call
	claims *audience.Claims
	token  tokensource.Token
}

var (
	errNoCaller = errors.New("interceptor: no admitted caller in the context; use that of the handler")

	errCallEnded = errors.New("interceptor: the call that the caller was admitted for has ended, and with it all that is done on the caller's behalf; " +
		"for work that is done later, store the caller's Record (audience.Caller) and call with the service's own token (AsService)")

	errUnenforced = errors.New("interceptor: the caller's stream goes on only because its rule is not enforced yet; nothing is done on the caller's behalf")
)

// admittedFrom returns what the caller of a handler with this context was
// admitted by, while its call lasts and its token is not revoked. A source of
// revocations that cannot tell is an error.
func admittedFrom(ctx context.Context) (*admitted, error) {
	c, ok := callFrom(ctx)
	if !ok || c.claims == nil {
		return nil, errNoCaller
	}
	claims := c.claims
	if c.lease != nil {
		claims = c.lease.judged.Load().claims
	}
	a := &admitted{call: c, claims: claims, token: tokensource.NewToken(*c.raw, claims.Expiry())}
	if err := a.lasts(); err != nil {
		return nil, err
	}
	return a, a.revoked(ctx)
}

// lasts returns why nothing may be done for the caller any more; nil while its
// call lasts.
func (a *admitted) lasts() error {
	switch c := a.call; {
	case c.ended():
		return errCallEnded
	case c.lease != nil && c.lease.spared.Load():
		return errUnenforced
	}
	return nil
}

// revoked asks whether the caller's token was taken back since the call began.
// It asks as the call did, and no longer than ctx lasts.
func (a *admitted) revoked(ctx context.Context) error {
	s := a.call.server
	if s.revocations == nil {
		return nil
	}
	own, cancel := context.WithCancel(a.call.Context)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	err := s.revoked(own, a.claims)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case a.call.ended():
		return errCallEnded
	case errors.Is(err, audience.CauseRevocationUnavailable):
		return fmt.Errorf("interceptor: whether the caller's token was revoked: %w: %w", tokensource.ErrUnavailable, err)
	}
	return fmt.Errorf("interceptor: the caller's token: %w", err)
}
