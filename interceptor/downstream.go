package interceptor

import (
	"errors"
	"slices"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/tokensource"
)

// A handler that calls another service may return errors of the client half. This file
// has what the server half needs to know about them.

// isDownstreamRefusal reports whether err wraps a refusal by another service, or the
// error of a call that was not sent to it.
func isDownstreamRefusal(err error) bool {
	switch e := err.(type) {
	case *audience.Refusal, *RefusedError:
		return true
	case interface{ GRPCStatus() *status.Status }:
		st := e.GRPCStatus()
		if _, ours := ReasonOf(err); ours || infoIn(st, elsewhere) != nil {
			return true
		}
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), isDownstreamRefusal)
	}
	for _, ours := range []error{tokensource.ErrUnavailable, tokensource.ErrRefused, tokensource.ErrMismatch, tokensource.ErrClosed} {
		if errors.Is(err, ours) {
			return true
		}
	}
	cause := errors.Unwrap(err)
	return cause != nil && isDownstreamRefusal(cause)
}

// downstreamCode returns the code for a peer whose call failed because another service
// refused a call, or because that call was not sent:
//
//   - UNAUTHENTICATED if a new login helps: the peer's token, or a token that was
//     obtained for it, ended or was revoked, here or at the other service;
//   - PERMISSION_DENIED if the other service does not let that caller do this;
//   - INTERNAL if the two services do not fit each other's configuration, or if nothing
//     else is known: after UNAUTHENTICATED the peer would log in again and again;
//   - any other code, such as UNAVAILABLE for an outage, unchanged.
func downstreamCode(err error) codes.Code {
	st, ok := status.FromError(err)
	code := st.Code()
	if !ok {
		code = codeOfToken(err)
	}
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		code = codeOf(refusal.Reason().Status())
	}
	if code != codes.Unauthenticated && code != codes.PermissionDenied {
		return code
	}
	if _, ended := infoOf(st).GetMetadata()[callerEndedKey]; ended {
		return codes.Unauthenticated
	}
	further := refusedElsewhere(err)
	if _, ofCaller := further.GetMetadata()[ofCallerKey]; ofCaller {
		return codeForCaller(audience.Reason(further.GetReason()))
	}
	return codes.Internal
}

// refusedElsewhere returns what an error says of a call that another service refused; nil if
// it does not come from a [RefusedError].
func refusedElsewhere(err error) *errdetails.ErrorInfo {
	if refusal, ok := errors.AsType[*RefusedError](err); ok {
		return refusal.elsewhere()
	}
	st, _ := status.FromError(err)
	return infoIn(st, elsewhere)
}

// codeForCaller returns the code for a caller whose own token, or a token that was
// obtained for it, was refused by another service for the reason r.
func codeForCaller(r audience.Reason) codes.Code {
	switch r {
	case audience.ReasonTokenExpired, audience.ReasonTokenRevoked, audience.ReasonTokenWithdrawn:
		return codes.Unauthenticated
	case audience.ReasonScopeInsufficient, audience.ReasonRoleInsufficient, audience.ReasonClaimNotAllowed, audience.ReasonStepUpRequired:
		return codes.PermissionDenied
	default:
		return codes.Internal
	}
}

// downstreamOf returns what the log says of a refusal by another service: the service and
// the method that were called, the code, the reason, and the id of the call in the other
// service's log. It does not have the text of the refusal.
func downstreamOf(err error) admission.Downstream {
	st, _ := status.FromError(err)
	info := infoOf(st).GetMetadata()
	d := admission.Downstream{
		Service: info[serviceInfo], Method: info[methodInfo],
		Code: st.Code().String(), Reason: infoOf(st).GetReason(), RequestID: info[requestIDInfo],
	}
	if further := refusedElsewhere(err); further != nil {
		info = further.GetMetadata()
		d.Service, d.Method, d.Reason, d.RequestID = info[serviceInfo], info[methodInfo], further.GetReason(), info[requestIDInfo]
	}
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		d.Reason = string(refusal.Reason())
	}
	return d
}
