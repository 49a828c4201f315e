package interceptor

import (
	"context"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/tokensource"
)

// admitted is what a caller was admitted by: the claims, and the token that
// they come from, to be shown further on. Only this package can reach it, so
// that a handler cannot exchange a token that was not judged.
type admitted struct {
	claims *audience.Claims
	token  tokensource.Token
}

// admittedFrom returns what the caller of a handler with this context was
// admitted by; false if it has none.
func admittedFrom(ctx context.Context) (*admitted, bool) {
	c, ok := callFrom(ctx)
	if !ok || c.claims == nil {
		return nil, false
	}
	return &admitted{claims: c.claims, token: tokensource.NewToken(*c.raw, c.claims.Expiry())}, true
}
