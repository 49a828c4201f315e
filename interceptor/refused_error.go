package interceptor

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/grpcaud/grpcaud/audience"
)

// RefusedError is the error of a call that the server's guard refused. Connections of
// a [Client], and those made with [Retry], return it. Find it with errors.As.
//
// A guard of this toolkit proves that it has refused this very call (see [Retry]); a
// refusal that a handler passes on from another service stays the status that gRPC
// returned. A guard of another kind, such as a proxy, is believed if it sends a
// challenge with the code UNAUTHENTICATED or PERMISSION_DENIED; Reason is then empty.
type RefusedError struct {
	// Code is the status code.
	Code codes.Code

	// Reason is why the call was refused, in one word. It is empty if the server does
	// not use this toolkit and sent only a challenge.
	Reason audience.Reason

	// Challenge names the credentials that the server wants. It is the zero value if
	// the server sent no valid challenge. It is not verified, and this package does
	// nothing because of it.
	Challenge BearerChallenge

	// RequestID names the call in the server's log; may be empty.
	RequestID string

	// Method is the full name of the method that was called. Service is its service in
	// the matrix; empty if the connection was not made by a [Client].
	Service, Method string

	// Ended says that a stream, or a call over Connect, ran and was then ended: see
	// [ResumeStream].
	Ended bool

	proof    string // of the attempt that was refused
	ofCaller bool   // it carried a caller's token, or one that was exchanged for it
	err      error  // as gRPC returned it
}

// Error is the text of the status, with the reason, the service and the method that
// were called, and the request id.
func (e *RefusedError) Error() string {
	about := []string{strings.TrimPrefix(e.Service+" "+e.Method, " ")}
	if e.Reason != "" {
		about = []string{string(e.Reason), about[0]}
	}
	if e.RequestID != "" {
		about = append(about, "request "+e.RequestID)
	}
	return fmt.Sprintf("%v (%s)", e.err, strings.Join(about, ", "))
}

// Unwrap returns the error as gRPC returned it, with all details.
func (e *RefusedError) Unwrap() error { return e.err }

// GRPCStatus returns the status that the server sent, for package status, with an
// ErrorInfo of another domain in place of that of this toolkit. The latter is about the
// call that was refused: a handler that returns e or its status, wrapped or not, must not
// tell its own peer that the peer's call was refused. [ReasonOf] finds the reason in e all
// the same.
func (e *RefusedError) GRPCStatus() *status.Status {
	p := status.Convert(e.err).Proto()
	p.Details = slices.DeleteFunc(p.Details, func(detail *anypb.Any) bool {
		message, err := detail.UnmarshalNew()
		info, is := message.(*errdetails.ErrorInfo)
		return err == nil && is && (info.GetDomain() == Domain || info.GetDomain() == elsewhere)
	})
	st := status.FromProto(p)
	if marked, err := st.WithDetails(e.elsewhere()); err == nil {
		return marked
	}
	return st
}

// elsewhere returns what the status of e says to the server half.
func (e *RefusedError) elsewhere() *errdetails.ErrorInfo {
	info := &errdetails.ErrorInfo{Domain: elsewhere, Reason: string(e.Reason), Metadata: map[string]string{
		serviceInfo: e.Service, methodInfo: e.Method, requestIDInfo: e.RequestID,
	}}
	if e.ofCaller {
		info.Metadata[ofCallerKey] = "token"
	}
	return info
}

// refusalOf reads the refusal of an attempt from its error and its trailers; nil if
// it was not refused. proof is the attempt's.
func refusalOf(err error, trailer metadata.MD, proof string) *RefusedError {
	st, ok := status.FromError(err)
	if !ok || st.Code() == codes.OK {
		return nil
	}
	e := &RefusedError{Code: st.Code(), proof: proof, err: err}
	var challenged bool
	e.Challenge, challenged = challengeIn(trailer)
	info := infoOf(st)
	if info == nil { // a guard of this toolkit sends one beside its challenge
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
