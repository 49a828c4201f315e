package explain

import (
	"context"
	"errors"
	"net/http"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/verifier"
)

// verify asks whether a token is genuine. One that has ended by its own word is
// refused unseen while its issuer's keys are not at hand; then they are fetched
// first, so that the rest of it can be told.
func verify(ctx context.Context, v *verifier.Verifier, token string) (*claims.Claims, *audience.Refusal) {
	claims, err := v.Verify(ctx, token)
	if errors.Is(err, audience.CauseExpired) {
		_ = v.Ready(ctx) // if it fails, the refusal stands
		claims, err = v.Verify(ctx, token)
	}
	if err == nil {
		return claims, nil
	}
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		return nil, refusal
	}
	return nil, &audience.Refusal{Cause: audience.CauseKeysUnavailable, Err: err}
}

// NewVerifier returns a verifier of the tokens that a guard accepts.
func NewVerifier(g *access.Guard, wire http.RoundTripper) (*verifier.Verifier, error) {
	if wire == nil {
		return verifier.New(g.Issuers())
	}
	return verifier.New(g.Issuers(), verifier.Transport(wire))
}
