package interceptor

import (
	"context"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/internal/admission"
)

// overNetHTTP reports whether a call came through [grpc.Server.ServeHTTP]. There
// net/http removes www-authenticate from trailers and logs that.
func overNetHTTP(ctx context.Context) bool { return ctx.Value(http.ServerContextKey) != nil }

// challengeTrailer returns the trailers that tell the peer which credentials to bring;
// nil if no other credentials would help.
func challengeTrailer(ctx context.Context, a admission.Answer) metadata.MD {
	c, ok := a.Challenge()
	if !ok {
		return nil
	}
	if overNetHTTP(ctx) {
		return metadata.Pairs(ownChallengeKey, c.String())
	}
	return metadata.Pairs(challengeKey, c.String(), ownChallengeKey, c.String())
}

// setChallengeHeader sends the challenge in the header if it cannot be in the
// trailers, for clients that know only HTTP's name of it. Nothing has been sent yet.
func setChallengeHeader(ctx context.Context, a admission.Answer) {
	if c, ok := a.Challenge(); ok && overNetHTTP(ctx) {
		_ = grpc.SetHeader(ctx, metadata.Pairs(challengeKey, c.String())) // fails only if the call has ended
	}
}
