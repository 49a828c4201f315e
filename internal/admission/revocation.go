package admission

import (
	"context"
	"errors"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/revocation"
)

// checkRevocation refuses a token that was revoked, and a token of which the checker
// does not know whether it was.
func (c *Controller) checkRevocation(ctx context.Context, claims *claims.Claims) error {
	if c.config.Revocations == nil {
		return nil
	}
	err := c.config.Revocations.Revoked(ctx, claims)
	refusal, _ := errors.AsType[*audience.Refusal](err)
	switch {
	case err == nil:
		return nil
	case refusal != nil && refusal.Cause == audience.CauseRevoked:
		return refusal
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return &audience.Refusal{Cause: audience.CauseRevocationUnavailable, Err: err}
}

// RevocationsReady returns nil if it is known what was revoked, and whether that can
// change while the program runs.
func (c *Controller) RevocationsReady() (ready error, changes bool) {
	r, changes := c.config.Revocations.(revocation.Readier)
	if !changes {
		return nil, false
	}
	return r.Ready(), true
}

// RevocationChanges returns how often what is known to be revoked has changed, if that is
// counted.
func (c *Controller) RevocationChanges() (count uint64, counted bool) {
	counter, counted := c.config.Revocations.(revocation.Counter)
	if !counted {
		return 0, false
	}
	return counter.Changes(), true
}
