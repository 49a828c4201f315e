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

// verified is what a verifier says of a token: its claims, or why it is refused.
type verified struct {
	claims  *claims.Claims
	refusal *audience.Refusal
}

// verify checks whether a token is genuine. While the issuer's keys have not been
// fetched, a verifier refuses an expired token without looking at its signature; so
// they are fetched first, and the other checks can be shown.
func verify(ctx context.Context, v *verifier.Verifier, token string) verified {
	claims, err := v.Verify(ctx, token)
	if errors.Is(err, audience.CauseExpired) {
		_ = v.Ready(ctx) // if it fails, the refusal stands
		claims, err = v.Verify(ctx, token)
	}
	if err == nil {
		return verified{claims: claims}
	}
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		return verified{refusal: refusal}
	}
	return verified{refusal: &audience.Refusal{Cause: audience.CauseKeysUnavailable, Err: err}}
}

// NewVerifier returns a verifier for the issuers of a guard; a nil transport is the
// default.
func NewVerifier(g *access.Guard, transport http.RoundTripper) (*verifier.Verifier, error) {
	if transport == nil {
		return verifier.New(g.Issuers())
	}
	return verifier.New(g.Issuers(), verifier.Transport(transport))
}
