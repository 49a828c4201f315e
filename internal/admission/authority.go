package admission

import (
	"context"
	"errors"
	"time"

	"github.com/grpcaud/grpcaud/audience/claims"
)

// Authority holds the token of an admitted request. The handler may exchange or
// forward it on behalf of its caller. Only this package makes an Authority, so that
// a handler cannot exchange a token that was not judged.
type Authority struct {
	evidence *Evidence
	claims   *claims.Claims
}

// These are the errors of [AuthorityFrom] and [Authority.Check].
var (
	ErrNoCaller = errors.New("no admitted caller in the context; use the context of the handler")

	ErrEnded = errors.New("the call that the caller was admitted for has ended, and with it all that is done on the caller's behalf; " +
		"for work that is done later, store the caller's Record (audience.Caller) and call with the service's own token (AsService)")

	ErrNotEnforced = errors.New("the caller's stream goes on only because its rule is not enforced yet; nothing is done on the caller's behalf")
)

// AuthorityFrom returns the authority of the caller of a handler with this context,
// while the call lasts and the token is not revoked. The error is [ErrNoCaller],
// [ErrEnded] or [ErrNotEnforced], an [audience.Refusal], or the error of ctx.
func AuthorityFrom(ctx context.Context) (*Authority, error) {
	e, ok := FromContext(ctx)
	if !ok || e.claims == nil {
		return nil, ErrNoCaller
	}
	a := &Authority{e, e.claims}
	if e.stream != nil {
		a.claims = e.stream.judged.Load().claims
	}
	if err := a.Check(); err != nil {
		return nil, err
	}
	return a, a.checkRevocation(ctx)
}

// Check returns nil while the call lasts. Afterwards it returns why the token may no
// longer be used for the caller.
func (a *Authority) Check() error {
	switch e := a.evidence; {
	case e.Ended():
		return ErrEnded
	case e.stream != nil && e.stream.observed.Load():
		return ErrNotEnforced
	}
	return nil
}

// checkRevocation checks whether the caller's token was revoked since the call began.
// It uses the context of the call, and ends at the latest with ctx.
func (a *Authority) checkRevocation(ctx context.Context) error {
	e := a.evidence
	if e.controller.config.Revocations == nil {
		return nil
	}
	own, cancel := context.WithCancel(e.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	err := e.controller.checkRevocation(own, a.claims)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case e.Ended():
		return ErrEnded
	}
	return err
}

// Reveal returns the token.
func (a *Authority) Reveal() string { return a.evidence.Reveal() }

// Issuer returns the token's iss.
func (a *Authority) Issuer() string { return a.claims.Issuer() }

// Audience returns the token's aud.
func (a *Authority) Audience() []string { return a.claims.Audience() }

// Expiry returns when the token ends.
func (a *Authority) Expiry() time.Time { return a.claims.Expiry() }
