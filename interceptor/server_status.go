package interceptor

import (
	"context"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/admission"
)

// statusOf returns the status for the peer of a refused call, with these metadata in
// its ErrorInfo. The status of a call that ended before it was judged has no details.
func statusOf(a admission.Answer, metadata map[string]string) *status.Status {
	st := status.New(codeOf(a.Status), a.Phrase)
	if a.Reason == "" {
		return st
	}
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{
		Reason: string(a.Reason), Domain: Domain, Metadata: metadata,
	}}
	if a.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(a.RetryAfter)})
	}
	if detailed, err := st.WithDetails(details...); err == nil {
		return detailed
	}
	return st
}

// refusalError returns the status for the peer of a refused call; ctx is the call's
// context as gRPC made it.
func refusalError(ctx context.Context, method string, d admission.Decision) error {
	return statusOf(d.Answer(), refusalInfo(ctx, method, d.RequestID)).Err()
}

// endError is [refusalError] for a call whose handler ran: clients do not repeat it.
func endError(ctx context.Context, method string, d admission.Decision) error {
	info := refusalInfo(ctx, method, d.RequestID)
	info[endedKey] = "stream"
	return statusOf(d.Answer(), info).Err()
}

// hideDownstreamRefusal returns the error of a handler as the peer may see it. A
// refusal by another service, or the lack of a token for that service, says nothing
// about the peer's own token. Its reason is removed, since the peer would otherwise
// discard a good token, and so is its text, which was meant for the handler. The code
// is that of [downstreamCode]. The log has both refusals.
func (s *Server) hideDownstreamRefusal(ctx context.Context, method string, err error) error {
	if err == nil || !isDownstreamRefusal(err) {
		return err
	}
	md, _ := metadata.FromIncomingContext(ctx)
	s.admission.RecordDownstream(ctx, s.requestOf(ctx, md, method, admission.UnknownShape), downstreamOf(err))
	return status.Error(downstreamCode(err), "a call to another service was not admitted")
}

// codeOf maps the statuses of a decision to gRPC's.
func codeOf(s audience.Status) codes.Code {
	switch s {
	case audience.StatusPermissionDenied:
		return codes.PermissionDenied
	case audience.StatusUnavailable:
		return codes.Unavailable
	case admission.StatusCancelled:
		return codes.Canceled
	case admission.StatusDeadlineExceeded:
		return codes.DeadlineExceeded
	default:
		return codes.Unauthenticated
	}
}
