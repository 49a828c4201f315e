package interceptor

import (
	"errors"
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcaud/grpcaud/audience"
)

// Domain is the domain of the google.rpc.ErrorInfo that refusals carry; its
// reason is an [audience.Reason].
const Domain = "grpcaud"

// codeOf maps the statuses of package audience to gRPC's.
func codeOf(s audience.Status) codes.Code {
	switch s {
	case audience.StatusPermissionDenied:
		return codes.PermissionDenied
	case audience.StatusUnavailable:
		return codes.Unavailable
	default:
		return codes.Unauthenticated
	}
}

// statusOf is the only bridge from why a call is refused to what its peer is
// told: a code, a fixed phrase and a reason. No text of err goes over it.
func statusOf(err error) *status.Status {
	var refusal *audience.Refusal
	if !errors.As(err, &refusal) {
		return status.FromContextError(err)
	}
	reason := refusal.Reason()
	st := status.New(codeOf(reason.Status()), reason.Phrase())
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: string(reason), Domain: Domain}}
	if refusal.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(refusal.RetryAfter)})
	}
	if detailed, err := st.WithDetails(details...); err == nil {
		return detailed
	}
	return st
}

// challenge returns the trailers that tell the peer which credentials to bring
// (RFC 6750, section 3); nil where others would not help. Its parameters are
// constants, so that nothing needs quoting.
func challenge(err error) metadata.MD {
	var refusal *audience.Refusal
	if !errors.As(err, &refusal) || refusal.Reason().Status() == audience.StatusUnavailable {
		return nil
	}
	value := fmt.Sprintf("Bearer realm=%q", Domain)
	if code := refusal.Reason().Challenge(); code != "" {
		value += fmt.Sprintf(", error=%q, error_description=%q", code, refusal.Reason().Phrase())
	}
	return metadata.Pairs("www-authenticate", value)
}

// passedOn returns what the peer may see of a handler's error. If that is, or
// wraps, a refusal that the handler met further on, then it is not about the
// peer's token: its reason is taken off, lest the peer drop a good token for
// it, and so is its text, which was meant for the handler.
func passedOn(err error) error {
	st, ok := status.FromError(err)
	if !ok || err == nil {
		return err
	}
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == Domain {
			return status.Error(st.Code(), "a call to another service was not admitted")
		}
	}
	return err
}
