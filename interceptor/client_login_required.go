package interceptor

import (
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
)

// LoginRequired reports whether a call for a user of [Client.ForUser] failed because the
// user must log in again, and nothing else helps: the token has ended or was revoked, and
// cannot be refreshed, or a service demands a stronger or a newer login. It is false for
// an outage and for a mistake in the configuration, in this client or in a service that
// the called one calls for the same user. Err is the error of the call, wrapped or not.
//
// For a stronger login, the [RefusedError] has a Challenge with what to request. An
// UNAUTHENTICATED that comes without a reason counts as well, since a service with a guard
// of this toolkit passes it on only if a login helps. If a call still needs a login right
// after one, show an error: another server may mean something else.
func (c *Client) LoginRequired(err error) bool {
	if refused := refusedElsewhere(err); refused != nil {
		_, ofCaller := refused.GetMetadata()[ofCallerKey]
		return ofCaller && slices.Contains(mendedByLogin, audience.Reason(refused.GetReason()))
	}
	st, ok := status.FromError(err)
	if info := infoOf(st); info != nil {
		_, ended := info.GetMetadata()[callerEndedKey]
		return ended
	}
	return ok && st.Code() == codes.Unauthenticated
}

// mendedByLogin are the reasons for which a service refuses a user's token until the user
// has logged in again.
var mendedByLogin = []audience.Reason{audience.ReasonTokenExpired, audience.ReasonTokenRevoked, audience.ReasonTokenWithdrawn, audience.ReasonStepUpRequired}
