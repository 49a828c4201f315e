package interceptor

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/admission"
)

// wouldRefuseKey is the trailer with the reason for which the call will be refused
// when its rule is enforced; see [access.Warn].
const wouldRefuseKey = "grpcaud-would-refuse"

// decide judges a call. It returns the context for the handler and the evidence by
// which the call was admitted, or the status for the peer. If s is in the chain twice,
// the second one finds the call admitted and does not judge it again, since its token
// is no longer in the metadata; but a call to which an interceptor has added a new
// token is judged.
func (s *Server) decide(ctx context.Context, method string, shape admission.Shape, setTrailer func(context.Context, metadata.MD) error) (context.Context, *admission.Evidence, error) {
	if e, ok := admission.FromContext(ctx); ok && e.Of(s.admission, method) && !e.Ended() && len(authorizationValues(ctx)) == 0 {
		return ctx, e, nil
	}
	md, _ := metadata.FromIncomingContext(ctx)
	d := s.admission.Decide(ctx, s.requestOf(ctx, md, method, shape))
	addAccessLogFields(ctx, d)
	switch {
	case d.Outcome == admission.Refused:
		setChallengeHeader(ctx, d.Answer())
		_ = setTrailer(ctx, challengeTrailer(ctx, d.Answer())) // fails only if the call has ended
		return nil, nil, refusalError(ctx, method, d)
	case d.Outcome == admission.WouldRefuse && d.Mode == access.Warn:
		_ = setTrailer(ctx, metadata.Pairs(wouldRefuseKey, d.Answer().Word()))
	}
	return s.handlerContext(ctx, md, d.Evidence), d.Evidence, nil
}

// handlerContext returns the context for the handler of a call that was let through.
// It has the caller, and no metadata that handlers must not see. md is a copy of the
// metadata as they came.
func (s *Server) handlerContext(ctx context.Context, md metadata.MD, e *admission.Evidence) context.Context {
	if md != nil {
		s.metadata.Apply(md, e.Reveal(), md[authorization])
		ctx = metadata.NewIncomingContext(ctx, md)
	}
	ctx = admission.NewContext(ctx, e)
	return withoutTransportContext(ctx, grpc.ServerTransportStreamFromContext(ctx))
}
