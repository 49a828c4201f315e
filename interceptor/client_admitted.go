package interceptor

import (
	"context"
	"errors"
	"fmt"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/tokensource"
)

// admitted is the token by which the caller of a handler was admitted, and what may be
// done with it. Only package admission makes its authority, so that a handler cannot
// exchange a token that was not judged.
type admitted struct {
	*admission.Authority
	token tokensource.Token
}

// admittedFrom returns the token by which the caller of a handler with this context
// was admitted. It is an error if the call has ended, if the token was revoked, and if
// the checker of revocations does not know.
func admittedFrom(ctx context.Context) (*admitted, error) {
	authority, err := admission.AuthorityFrom(ctx)
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		if refusal.Cause == audience.CauseRevocationUnavailable {
			return nil, fmt.Errorf("interceptor: whether the caller's token was revoked: %w: %w", tokensource.ErrUnavailable, err)
		}
		return nil, fmt.Errorf("interceptor: the caller's token: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("interceptor: %w", err)
	}
	return &admitted{authority, tokensource.NewToken(authority.Reveal(), authority.Expiry())}, nil
}
