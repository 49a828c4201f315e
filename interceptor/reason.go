package interceptor

import (
	"errors"

	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/admission"
)

// Domain is the domain of the google.rpc.ErrorInfo that refusals carry; its
// reason is an [audience.Reason]. Its metadatum request_id names the call in the
// server's log; call repeats the name that a client gave its attempt as
// grpcaud-call, and the method, see [Retry]; ended stands beside them where a stream
// ran and was ended.
const Domain = admission.Realm

// authorization is the name of the header with a token.
const authorization = "authorization"

// ReasonOf returns why a call was refused, from the error that the call
// returned, wrapped or not. It is false for the errors of others, and for nil.
// A reason that is not on the list of package audience comes from a server
// with a longer list.
//
// The status of a call may be one that a handler hands on from another service: only
// a [RefusedError] is sure to be about the call itself.
func ReasonOf(err error) (audience.Reason, bool) {
	if refusal, ok := errors.AsType[*RefusedError](err); ok && refusal.Reason != "" {
		return refusal.Reason, true
	}
	st, _ := status.FromError(err)
	info := infoOf(st)
	return audience.Reason(info.GetReason()), info != nil
}
