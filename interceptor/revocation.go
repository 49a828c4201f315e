package interceptor

import (
	"context"
	"errors"

	"github.com/grpcaud/grpcaud/audience"
)

// revoked asks whether a token was taken back.
func (s *Server) revoked(ctx context.Context, c *audience.Claims) error {
	if s.revocations == nil {
		return nil
	}
	err := s.revocations.Revoked(ctx, c)
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
