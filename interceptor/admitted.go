package interceptor

import (
	"context"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/tokensource"
)

// admitted is a call that was let in: the claims that its token was judged by,
// and the token, for exchange. Only this package can reach it, so that a
// handler cannot exchange a token that was not judged.
type admitted struct {
	claims *audience.Claims
	token  tokensource.Token
}

type admittedKey struct{}

// withAdmitted returns a context for the handler of a call that was let in.
func withAdmitted(ctx context.Context, a *admitted) context.Context {
	return audience.NewContext(context.WithValue(ctx, admittedKey{}, a), a.claims.Caller())
}

func admittedFrom(ctx context.Context) (*admitted, bool) {
	a, ok := ctx.Value(admittedKey{}).(*admitted)
	return a, ok
}
