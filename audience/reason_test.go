package audience_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/audience"
)

// TestEachCauseHasItsReason shows the answer to each cause: who, for whom and what for are
// told apart, and each has a challenge only where RFC 6750 has a word for it.
func TestEachCauseHasItsReason(t *testing.T) {
	for _, row := range []struct {
		cause     audience.Cause
		reason    audience.Reason
		status    audience.Status
		challenge string
	}{
		{audience.CauseNoRule, audience.ReasonNoPolicy, audience.StatusPermissionDenied, ""},
		{audience.CauseTransportInsecure, audience.ReasonTransportInsecure, audience.StatusUnauthenticated, ""},
		{audience.CauseCredentialsMissing, audience.ReasonCredentialsMissing, audience.StatusUnauthenticated, ""},
		{audience.CauseCredentialsRepeated, audience.ReasonCredentialsMalformed, audience.StatusUnauthenticated, "invalid_request"},
		{audience.CauseSchemeUnsupported, audience.ReasonCredentialsMissing, audience.StatusUnauthenticated, ""},
		{audience.CauseCredentialsMalformed, audience.ReasonCredentialsMalformed, audience.StatusUnauthenticated, "invalid_request"},
		{audience.CauseTokenTooLarge, audience.ReasonCredentialsMalformed, audience.StatusUnauthenticated, "invalid_request"},
		{audience.CauseTokenMalformed, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseAlgorithmNotAllowed, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseTypeNotAllowed, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseIssuerUnknown, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseKeysUnavailable, audience.ReasonIssuerUnavailable, audience.StatusUnavailable, ""},
		{audience.CauseKeyUnknown, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseSignatureInvalid, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseClaimsMalformed, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseClaimMissing, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseClientAmbiguous, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseIssuerNotAccepted, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseAudienceMissing, audience.ReasonAudienceMismatch, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseAudienceMismatch, audience.ReasonAudienceMismatch, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseExpired, audience.ReasonTokenExpired, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseNotYetValid, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseLifetimeTooLong, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseClientMissing, audience.ReasonClientNotAllowed, audience.StatusPermissionDenied, ""},
		{audience.CauseClientNotAllowed, audience.ReasonClientNotAllowed, audience.StatusPermissionDenied, ""},
		{audience.CauseScopeMissing, audience.ReasonScopeInsufficient, audience.StatusPermissionDenied, "insufficient_scope"},
		{audience.CauseIntrospectionUnavailable, audience.ReasonIssuerUnavailable, audience.StatusUnavailable, ""},
		{audience.CauseTokenInactive, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseBindingUnsupported, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseAudienceNotSole, audience.ReasonAudienceMismatch, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseTokenTooOld, audience.ReasonTokenExpired, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseBindingMissing, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseCallerKind, audience.ReasonClientNotAllowed, audience.StatusPermissionDenied, ""},
		{audience.CauseRoleMissing, audience.ReasonRoleInsufficient, audience.StatusPermissionDenied, "insufficient_scope"},
		{audience.CauseClaimNotAllowed, audience.ReasonClaimNotAllowed, audience.StatusPermissionDenied, ""},
		{audience.CauseStepUp, audience.ReasonStepUpRequired, audience.StatusUnauthenticated, "insufficient_user_authentication"},
		{audience.CauseBindingMismatch, audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseRevoked, audience.ReasonTokenRevoked, audience.StatusUnauthenticated, "invalid_token"},
		{audience.CauseRevocationUnavailable, audience.ReasonIssuerUnavailable, audience.StatusUnavailable, ""},
		{audience.CauseExpiredMidstream, audience.ReasonTokenExpired, audience.StatusUnauthenticated, "invalid_token"},
		{"NOT_ON_THE_LIST", audience.ReasonTokenInvalid, audience.StatusUnauthenticated, "invalid_token"},
	} {
		reason := row.cause.Reason()
		if reason != row.reason || reason.Status() != row.status || reason.Challenge() != row.challenge || reason.Phrase() == "" {
			t.Errorf("%s: reason %s, status %s, challenge %q, phrase %q; want %s, %s, %q", row.cause, reason, reason.Status(), reason.Challenge(), reason.Phrase(), row.reason, row.status, row.challenge)
		}
	}
}
