package interceptor

import (
	"errors"

	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
)

// Domain is the domain of the google.rpc.ErrorInfo in refusals. Its reason is an
// [audience.Reason]. In its metadata, request_id names the call in the server's log,
// call repeats the name that the client gave its attempt as grpcaud-call, and the
// method (see [Retry]), and ended says that a stream ran before it was refused.
const Domain = "grpcaud"

// authorization is the name of the header with a token.
const authorization = "authorization"

// ReasonOf returns why a call was refused, from the error that the call returned,
// wrapped or not. It is false for other errors, and for nil. A reason that package
// audience does not list comes from a server of a later version.
//
// A handler may pass on the status of its own call to another service: only a
// [RefusedError] is certainly about the call itself.
func ReasonOf(err error) (audience.Reason, bool) {
	if refusal, ok := errors.AsType[*RefusedError](err); ok && refusal.Reason != "" {
		return refusal.Reason, true
	}
	st, _ := status.FromError(err)
	info := infoOf(st)
	return audience.Reason(info.GetReason()), info != nil
}
