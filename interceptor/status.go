package interceptor

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/tokensource"
)

// Domain is the domain of the google.rpc.ErrorInfo that refusals carry; its
// reason is an [audience.Reason]. Its metadatum request_id names the call in the
// server's log; call repeats the name that a client gave its attempt as
// grpcaud-call, and the method, see [Retry]; ended stands beside them where a stream
// ran and was ended.
const Domain = "grpcaud"

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

// answer is what the peer of a call that did not reach its handler is told.
type answer struct {
	code   codes.Code
	phrase string
	reason audience.Reason // empty if the call ended before it was judged
}

// answerTo is the only bridge from why a call is refused to what its peer is
// told: a code, a fixed phrase and a reason. No text of err goes over it. What
// is neither a refusal nor the call's own end is something that could not be
// found out.
func answerTo(err error) answer {
	reason := audience.ReasonIssuerUnavailable
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		reason = refusal.Reason()
	} else if errors.Is(err, context.Canceled) {
		return answer{code: codes.Canceled, phrase: "call cancelled"}
	} else if errors.Is(err, context.DeadlineExceeded) {
		return answer{code: codes.DeadlineExceeded, phrase: "deadline exceeded"}
	}
	return answer{codeOf(reason.Status()), reason.Phrase(), reason}
}

// word returns the reason, or the code where there is none: one of few words.
func (a answer) word() string {
	switch {
	case a.reason != "":
		return string(a.reason)
	case a.code == codes.Canceled:
		return "CANCELLED"
	default:
		return "DEADLINE_EXCEEDED"
	}
}

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

// statusWith returns the status of a refused call, with these metadata of its
// ErrorInfo.
func statusWith(err error, metadata map[string]string) *status.Status {
	a := answerTo(err)
	st := status.New(a.code, a.phrase)
	if a.reason == "" {
		return st
	}
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{
		Reason: string(a.reason), Domain: Domain, Metadata: metadata,
	}}
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok && refusal.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(refusal.RetryAfter)})
	}
	if detailed, err := st.WithDetails(details...); err == nil {
		return detailed
	}
	return st
}

// passOn returns what the peer may see of a handler's error. If a refusal is in
// it that the handler met further on, or the want of a token for going there,
// then it is not about the peer's token: its reason is taken off, so that the peer
// drops no good token for it, and so is its text, which was meant for the
// handler. The code is that of [codeOnward]. The log is where both hops are found.
func (s *Server) passOn(ctx context.Context, method string, err error) error {
	if err == nil || !further(err) {
		return err
	}
	s.journal.log.further(ctx, method, err)
	return status.Error(codeOnward(err), "a call to another service was not admitted")
}

// codeOnward returns the code that tells a peer what it can do about a call to
// another service which was not admitted, or not sent:
//
//   - UNAUTHENTICATED where a new login mends it: the token that the peer came with
//     ended or was revoked, here or further on, or one that was got for it;
//   - PERMISSION_DENIED where the other service does not let that caller do this;
//   - INTERNAL where the two services are set up wrongly, or nothing else is known.
//     A peer that took it for UNAUTHENTICATED would log in again and again;
//   - any other code, such as UNAVAILABLE for an outage, as it is.
func codeOnward(err error) codes.Code {
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

// foreign is a refusal by another service, as the log tells of it.
type foreign struct{ code, reason, requestID string }

// furtherRefusal names the refusal that a handler met, for the log: its code, its
// reason, and the id by which the other service's log knows it. Of its text
// nothing is told, nor of a reason or an id that does not belong into a log.
func furtherRefusal(err error) foreign {
	st, _ := status.FromError(err)
	reason, id := infoOf(st).GetReason(), infoOf(st).GetMetadata()["request_id"]
	if refusal, ok := errors.AsType[*RefusedError](err); ok {
		reason, id = string(refusal.Reason), refusal.RequestID
	}
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		reason = string(refusal.Reason())
	}
	return foreign{st.Code().String(), loggable(reason), loggable(id)}
}

func (f foreign) group() slog.Attr {
	return slog.Group("refusal", slog.String("code", f.code), slog.String("reason", f.reason), slog.String("request_id", f.requestID))
}

// further reports whether err, or an error that it wraps, is of this toolkit.
func further(err error) bool {
	switch e := err.(type) {
	case *audience.Refusal, *RefusedError:
		return true
	case interface{ GRPCStatus() *status.Status }:
		if _, ours := ReasonOf(err); ours {
			return true
		}
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), further)
	}
	for _, ours := range []error{tokensource.ErrUnavailable, tokensource.ErrRefused, tokensource.ErrMismatch, tokensource.ErrClosed} {
		if errors.Is(err, ours) {
			return true
		}
	}
	cause := errors.Unwrap(err)
	return cause != nil && further(cause)
}
