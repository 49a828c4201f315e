package interceptor

import (
	"errors"
	"fmt"
	"io"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
)

// RefusedError is a call that a server refused. Connections of a [Client], and
// those that are made with [Retry], return it, so that errors.As finds it
// whatever it is wrapped in; its code and details are those of the status.
type RefusedError struct {
	// Code is the status code.
	Code codes.Code

	// Reason is why, in one word; empty if the server is none of this toolkit,
	// and said so by a challenge alone.
	Reason audience.Reason

	// Challenge tells which credentials to bring; the zero value if the server
	// sent none that can be read. What it says is the server's word: nothing
	// in it is followed.
	Challenge Challenge

	// RequestID names the call in the server's log; may be empty.
	RequestID string

	// Ended says that a stream ran, and was ended: see [Reopen].
	Ended bool

	err error // as gRPC has it
}

// Error is the text of the status, with the reason and the request id.
func (e *RefusedError) Error() string {
	switch {
	case e.Reason == "":
		return e.err.Error()
	case e.RequestID == "":
		return fmt.Sprintf("%v (%s)", e.err, e.Reason)
	default:
		return fmt.Sprintf("%v (%s, request %s)", e.err, e.Reason, e.RequestID)
	}
}

// Unwrap returns the error as gRPC has it.
func (e *RefusedError) Unwrap() error { return e.err }

// GRPCStatus returns the status that the server sent, for package status.
func (e *RefusedError) GRPCStatus() *status.Status { return status.Convert(e.err) }

// endedKey is the key of the ErrorInfo's metadata that tells a stream which was
// ended from one that never began.
const endedKey = "ended"

// refusalOf reads a refusal out of the error of a call and its trailers; nil if
// it is none.
func refusalOf(err error, trailer metadata.MD) *RefusedError {
	st, ok := status.FromError(err)
	if !ok || st.Code() == codes.OK {
		return nil
	}
	e := &RefusedError{Code: st.Code(), err: err}
	if info := infoOf(st); info != nil {
		e.Reason, e.RequestID = audience.Reason(info.GetReason()), info.GetMetadata()["request_id"]
		_, e.Ended = info.GetMetadata()[endedKey]
	}
	challenged := false
	for _, value := range trailer.Get(challengeKey) {
		if c, err := ParseChallenge(value); err == nil && !challenged {
			e.Challenge, challenged = c, true
		}
	}
	if e.Reason == "" && (!challenged || e.Code != codes.Unauthenticated && e.Code != codes.PermissionDenied) {
		return nil
	}
	return e
}

// infoOf returns what this toolkit says in a status; nil if nothing.
func infoOf(st *status.Status) *errdetails.ErrorInfo {
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == Domain {
			return info
		}
	}
	return nil
}

// refused returns err as a [RefusedError] if the server's answer is one. What
// kept the call from being sent is not; what other interceptors have read is
// one already.
func (o *outgoing) refused(err error, trailer metadata.MD) error {
	if err == nil || errors.Is(err, io.EOF) || o.sent().failed {
		return err
	}
	if _, already := errors.AsType[*RefusedError](err); already {
		return err
	}
	if refusal := refusalOf(err, trailer); refusal != nil {
		return refusal
	}
	return err
}
