package interceptor

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/hiddenheader"
)

// EvidenceOf returns the part of a handler's context that holds the token.
func EvidenceOf(ctx context.Context) any {
	e, _ := admission.FromContext(ctx)
	return e
}

// Leases returns how many streams of s run under a lease.
func Leases(s *Server) int { return s.leases.Count() }

// Timing reports whether the timer of the leases of s was running. It stops it.
func Timing(s *Server) bool { return s.leases.StopTimer() }

// HiddenMetadata returns the names of metadata that are hidden by default, and
// those of them that pass nevertheless.
func HiddenMetadata() (hidden, passing []string) { return hiddenheader.Default() }

// Decide returns the context of the handler of a unary call, as the interceptor
// makes it.
func Decide(s *Server, ctx context.Context, method string) (context.Context, error) {
	ctx, _, err := s.decide(ctx, method, admission.UnaryShape, grpc.SetTrailer)
	return ctx, err
}

// Admission returns what decides about the calls to s.
func Admission(s *Server) *admission.Controller { return s.admission }

// RequestOf returns the call of ctx as the decision about it needs it.
func RequestOf(s *Server, ctx context.Context, method string, stream bool) *admission.Request {
	md, _ := metadata.FromIncomingContext(ctx)
	if stream {
		return s.requestOf(ctx, md, method, admission.StreamingShape)
	}
	return s.requestOf(ctx, md, method, admission.UnaryShape)
}

// StatusOf and ChallengeOf let tests reach causes that no call brings about.
var (
	StatusOf = func(err error, requestID string) *status.Status {
		return statusOf(admission.AnswerTo(err), map[string]string{requestIDInfo: requestID})
	}
	ChallengeOf = func(err error) metadata.MD {
		return challengeTrailer(context.Background(), admission.AnswerTo(err))
	}
)
