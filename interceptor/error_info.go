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

	// endedKey marks the end of a stream that ran, as opposed to one that never began.
	endedKey = "ended"

	// callerEndedKey marks a call that was not sent because the token of the caller
	// that it was made for has ended or was revoked: the caller needs a new one.
	callerEndedKey = "caller"
)

// infoOf returns the ErrorInfo of this toolkit in a status; nil if there is none.
func infoOf(st *status.Status) *errdetails.ErrorInfo {
	for _, detail := range st.Details() {
		if isOurs(detail) {
			return detail.(*errdetails.ErrorInfo)
		}
	}
	return nil
}

// isOurs reports whether a detail of a status is the ErrorInfo of this toolkit.
func isOurs(detail any) bool {
	info, ok := detail.(*errdetails.ErrorInfo)
	return ok && info.GetDomain() == Domain
}
