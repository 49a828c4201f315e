package interceptor

import (
	"errors"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/tokensource"
)

// A handler that calls another service returns errors of the client half. Here is
// what the server half needs to know about them.

// isDownstreamRefusal reports whether err, or an error that it wraps, is a refusal
// by another service, or the lack of a token for it.
func isDownstreamRefusal(err error) bool {
	switch e := err.(type) {
	case *audience.Refusal, *RefusedError:
		return true
	case interface{ GRPCStatus() *status.Status }:
		if _, ours := ReasonOf(err); ours {
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

// downstreamCode returns the code that tells a peer what it can do about a call to
// another service which was not admitted, or not sent:
//
//   - UNAUTHENTICATED where a new login helps: the token that the peer came with
//     ended or was revoked, here or at the other service, or one that was got for it;
//   - PERMISSION_DENIED where the other service does not let that caller do this;
//   - INTERNAL where the two services are set up wrongly, or nothing else is known.
//     A peer that took it for UNAUTHENTICATED would log in again and again;
//   - any other code, such as UNAVAILABLE for an outage, as it is.
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
	if refusal, ok := errors.AsType[*RefusedError](err); ok && refusal.ofCaller {
		return codeForCaller(refusal.Reason)
	}
	return codes.Internal
}

// codeForCaller returns the code for a caller whose own token, or one that stands
// for it, another service refused for a reason.
func codeForCaller(r audience.Reason) codes.Code {
	switch r {
	case audience.ReasonTokenExpired, audience.ReasonTokenRevoked:
		return codes.Unauthenticated
	case audience.ReasonScopeInsufficient, audience.ReasonRoleInsufficient, audience.ReasonClaimNotAllowed, audience.ReasonStepUpRequired:
		return codes.PermissionDenied
	default:
		return codes.Internal
	}
}

// downstreamOf names a refusal by another service for the log: the service and the
// method that were called, its code, its reason, and the id by which the other service's
// log knows it. Nothing of its text is told.
func downstreamOf(err error) admission.Downstream {
	st, _ := status.FromError(err)
	info := infoOf(st).GetMetadata()
	d := admission.Downstream{
		Service: info[serviceInfo], Method: info[methodInfo],
		Code: st.Code().String(), Reason: infoOf(st).GetReason(), RequestID: info[requestIDInfo],
	}
	if refusal, ok := errors.AsType[*RefusedError](err); ok {
		d.Service, d.Method, d.Reason, d.RequestID = refusal.Service, refusal.Method, string(refusal.Reason), refusal.RequestID
	}
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		d.Reason = string(refusal.Reason())
	}
	return d
}
