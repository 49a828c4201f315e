package interceptor

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
)

// These are keys of the metadata in the google.rpc.ErrorInfo of a status. Servers
// write it and clients read it. proofKey is another key.
const (
	// requestIDInfo is the name of the call in the server's log.
	requestIDInfo = "request_id"

	// serviceInfo and methodInfo name the target of a call that was not sent: its
	// service in the matrix, and the full name of its method.
	serviceInfo = "service"
	methodInfo  = "method"

	// endedKey marks the end of a call that ran, as opposed to one that never began.
	endedKey = "ended"

	// callerEndedKey marks a call that was not sent because the token of the caller
	// that it was made for has ended or was revoked: the caller needs a new one.
	callerEndedKey = "caller"

	// ofCallerKey marks the refusal of a call that carried a caller's token, or one that
	// was exchanged for it.
	ofCallerKey = "of_caller"
)

// elsewhere is the domain of the ErrorInfo in the status of a [RefusedError], which says
// that another service refused another call. A handler may return that status instead of
// the error. The server half finds it there; clients do not look at it.
const elsewhere = "elsewhere." + Domain

// infoOf returns the ErrorInfo of this toolkit in a status; nil if there is none.
func infoOf(st *status.Status) *errdetails.ErrorInfo { return infoIn(st, Domain) }

// infoIn returns the ErrorInfo of a domain in a status; nil if there is none.
func infoIn(st *status.Status, domain string) *errdetails.ErrorInfo {
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == domain {
			return info
		}
	}
	return nil
}
