package interceptor

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/grpcaud/grpcaud/audience"
)

// RefusedError is a call that the guard of the server refused. Connections of a
// [Client], and those that are made with [Retry], return it, so that errors.As finds
// it whatever it is wrapped in.
//
// A guard of this toolkit proves that it has refused this very call (see [Retry]);
// a refusal that a handler hands on from another service comes as gRPC has it. A
// guard of another kind, such as a proxy, is believed by its challenge, with code
// UNAUTHENTICATED or PERMISSION_DENIED: then Reason is empty.
type RefusedError struct {
	// Code is the status code.
	Code codes.Code

	// Reason is why, in one word; empty if the server is none of this toolkit,
	// and said so by a challenge alone.
	Reason audience.Reason

	// Challenge tells which credentials to bring; the zero value if the server
	// sent none that can be read. What it says is the server's word: nothing
	// in it is followed.
	Challenge BearerChallenge

	// RequestID names the call in the server's log; may be empty.
	RequestID string

	// Ended says that a stream ran, and was ended: see [Reopen].
	Ended bool

	proof   string // of the attempt that was refused
	callers bool   // it bore the token of a caller, or one that stands for a caller
	err     error  // as gRPC has it
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

// Unwrap returns the error as gRPC has it, with all details.
func (e *RefusedError) Unwrap() error { return e.err }

// GRPCStatus returns the status that the server sent, for package status, but for
// the ErrorInfo of this toolkit. That is about the call which was refused: a handler
// that returns e, wrapped or not, must not tell its own peer that the call of the
// peer was. [ReasonOf] finds the reason all the same.
func (e *RefusedError) GRPCStatus() *status.Status {
	p := status.Convert(e.err).Proto()
	p.Details = slices.DeleteFunc(p.Details, func(detail *anypb.Any) bool {
		message, err := detail.UnmarshalNew()
		return err == nil && ours(message)
	})
	return status.FromProto(p)
}

// refusalOf reads a refusal out of the error of an attempt and its trailers; nil
// if it is none of this attempt, which proof is of.
func refusalOf(err error, trailer metadata.MD, proof string) *RefusedError {
	st, ok := status.FromError(err)
	if !ok || st.Code() == codes.OK {
		return nil
	}
	e := &RefusedError{Code: st.Code(), proof: proof, err: err}
	var challenged bool
	e.Challenge, challenged = challengeIn(trailer)
	info := infoOf(st)
	if info == nil { // a guard of ours, whose challenge this would be, has one
		foreign := challenged && len(trailer.Get(ownChallengeKey)) == 0
		if !foreign || e.Code != codes.Unauthenticated && e.Code != codes.PermissionDenied {
			return nil
		}
		return e
	}
	if info.GetMetadata()[proofKey] != proof {
		return nil
	}
	e.Reason, e.RequestID = audience.Reason(info.GetReason()), info.GetMetadata()[requestIDInfo]
	_, e.Ended = info.GetMetadata()[endedKey]
	return e
}

// infoOf returns what this toolkit says in a status; nil if nothing.
func infoOf(st *status.Status) *errdetails.ErrorInfo {
	for _, detail := range st.Details() {
		if ours(detail) {
			return detail.(*errdetails.ErrorInfo)
		}
	}
	return nil
}

// ours reports whether a detail of a status is what this toolkit says.
func ours(detail any) bool {
	info, ok := detail.(*errdetails.ErrorInfo)
	return ok && info.GetDomain() == Domain
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
	if refusal := refusalOf(err, trailer, o.proof); refusal != nil {
		refusal.callers = o.sent().callers
		return refusal
	}
	return err
}
