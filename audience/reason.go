package audience

// Status is the gRPC status code of the answer to a refused call.
type Status string

// The three answers: the token does not say who calls, the caller may not do
// this, and it cannot be found out now.
const (
	StatusUnauthenticated  Status = "UNAUTHENTICATED"
	StatusPermissionDenied Status = "PERMISSION_DENIED"
	StatusUnavailable      Status = "UNAVAILABLE"
)

// Reason is what the peer is told about a refusal. It is one word of a closed,
// stable list, without details that would help an attacker. It is sent as the
// reason of a google.rpc.ErrorInfo.
type Reason string

// The reasons that are sent to the peer. Each has one [Status] and one fixed
// phrase.
const (
	ReasonCredentialsMissing   Reason = "CREDENTIALS_MISSING"
	ReasonCredentialsMalformed Reason = "CREDENTIALS_MALFORMED"
	ReasonTransportInsecure    Reason = "TRANSPORT_INSECURE"
	ReasonTokenInvalid         Reason = "TOKEN_INVALID"
	ReasonTokenExpired         Reason = "TOKEN_EXPIRED"
	ReasonTokenRevoked         Reason = "TOKEN_REVOKED"
	ReasonTokenWithdrawn       Reason = "TOKEN_WITHDRAWN"
	ReasonAudienceMismatch     Reason = "AUDIENCE_MISMATCH"
	ReasonClientNotAllowed     Reason = "CLIENT_NOT_ALLOWED"
	ReasonScopeInsufficient    Reason = "SCOPE_INSUFFICIENT"
	ReasonRoleInsufficient     Reason = "ROLE_INSUFFICIENT"
	ReasonClaimNotAllowed      Reason = "CLAIM_NOT_ALLOWED"
	ReasonStepUpRequired       Reason = "STEP_UP_REQUIRED"
	ReasonNoPolicy             Reason = "NO_POLICY"
	ReasonIssuerUnavailable    Reason = "ISSUER_UNAVAILABLE"

	// ReasonTokenNotObtained is a reason of the client, not of a server: the
	// call was not sent, because the client has no token for it.
	ReasonTokenNotObtained Reason = "TOKEN_NOT_OBTAINED"
)

// Status returns the status that is sent with r. For a reason that is not on the
// list it is [StatusUnauthenticated].
func (r Reason) Status() Status { return reasons[r].status }

// Phrase returns the fixed sentence that the peer reads.
func (r Reason) Phrase() string { return reasons[r].phrase }

// Challenge returns the error code for r of RFC 6750, section 3.1, or RFC 9470,
// section 3. It is empty if these RFCs have no code for r.
func (r Reason) Challenge() string { return reasons[r].challenge }

var reasons = map[Reason]struct {
	status            Status
	phrase, challenge string
}{
	ReasonCredentialsMissing:   {StatusUnauthenticated, "credentials missing", ""},
	ReasonCredentialsMalformed: {StatusUnauthenticated, "credentials malformed: send one authorization value, Bearer and a token", "invalid_request"},
	ReasonTransportInsecure:    {StatusUnauthenticated, "tokens are not accepted over this transport", ""},
	ReasonTokenInvalid:         {StatusUnauthenticated, "token invalid", "invalid_token"},
	ReasonTokenExpired:         {StatusUnauthenticated, "token expired", "invalid_token"},
	ReasonTokenRevoked:         {StatusUnauthenticated, "token revoked", "invalid_token"},
	ReasonTokenWithdrawn:       {StatusUnauthenticated, "token is no longer active", "invalid_token"},
	ReasonAudienceMismatch:     {StatusUnauthenticated, "token is meant for another audience", "invalid_token"},
	ReasonClientNotAllowed:     {StatusPermissionDenied, "client not allowed", ""},
	ReasonScopeInsufficient:    {StatusPermissionDenied, "scope insufficient", "insufficient_scope"},
	ReasonRoleInsufficient:     {StatusPermissionDenied, "role insufficient", "insufficient_scope"},
	ReasonClaimNotAllowed:      {StatusPermissionDenied, "claim not allowed", ""},
	ReasonStepUpRequired:       {StatusUnauthenticated, "a stronger or newer login is required", "insufficient_user_authentication"},
	ReasonNoPolicy:             {StatusPermissionDenied, "method has no access rule", ""},
	ReasonIssuerUnavailable:    {StatusUnavailable, "token cannot be judged now", ""},
	ReasonTokenNotObtained:     {StatusUnauthenticated, "no token for the call", ""},
}

// Cause is why a call was refused, with the detail that an operator needs. The
// list is closed, and each Cause has the [Reason] that the peer is told. A Cause
// is an error, so errors.Is(err, audience.CauseExpired) finds it in a [Refusal].
type Cause string

// The causes, in the order in which a call is judged.
const (
	CauseNoRule                   Cause = "METHOD_WITHOUT_RULE"
	CauseTransportInsecure        Cause = "TRANSPORT_INSECURE"
	CauseCredentialsMissing       Cause = "CREDENTIALS_MISSING"
	CauseCredentialsRepeated      Cause = "CREDENTIALS_REPEATED"
	CauseSchemeUnsupported        Cause = "SCHEME_UNSUPPORTED"
	CauseCredentialsMalformed     Cause = "CREDENTIALS_MALFORMED"
	CauseTokenTooLarge            Cause = "TOKEN_TOO_LARGE"
	CauseTokenMalformed           Cause = "TOKEN_MALFORMED"
	CauseAlgorithmNotAllowed      Cause = "ALGORITHM_NOT_ALLOWED"
	CauseTypeNotAllowed           Cause = "TYPE_NOT_ALLOWED"
	CauseIssuerUnknown            Cause = "ISSUER_UNKNOWN"
	CauseKeysUnavailable          Cause = "KEYS_UNAVAILABLE"
	CauseIntrospectionUnavailable Cause = "INTROSPECTION_UNAVAILABLE"
	CauseKeyUnknown               Cause = "KEY_UNKNOWN"
	CauseSignatureInvalid         Cause = "SIGNATURE_INVALID"
	CauseTokenInactive            Cause = "TOKEN_INACTIVE"
	CauseClaimsMalformed          Cause = "CLAIMS_MALFORMED"
	CauseClaimMissing             Cause = "CLAIM_MISSING"
	CauseClientAmbiguous          Cause = "CLIENT_AMBIGUOUS"
	CauseBindingUnsupported       Cause = "BINDING_UNSUPPORTED"
	CauseIssuerNotAccepted        Cause = "ISSUER_NOT_ACCEPTED"
	CauseAudienceMissing          Cause = "AUDIENCE_MISSING"
	CauseAudienceMismatch         Cause = "AUDIENCE_MISMATCH"
	CauseAudienceNotSole          Cause = "AUDIENCE_NOT_SOLE"
	CauseExpired                  Cause = "EXPIRED"
	CauseNotYetValid              Cause = "NOT_YET_VALID"
	CauseLifetimeTooLong          Cause = "LIFETIME_TOO_LONG"
	CauseTokenTooOld              Cause = "TOKEN_TOO_OLD"
	CauseBindingMissing           Cause = "BINDING_MISSING"
	CauseClientMissing            Cause = "CLIENT_MISSING"
	CauseClientNotAllowed         Cause = "CLIENT_NOT_ALLOWED"
	CauseCallerKind               Cause = "CALLER_KIND"
	CauseScopeMissing             Cause = "SCOPE_MISSING"
	CauseRoleMissing              Cause = "ROLE_MISSING"
	CauseClaimNotAllowed          Cause = "CLAIM_NOT_ALLOWED"
	CauseStepUp                   Cause = "STEP_UP"
	CauseBindingMismatch          Cause = "BINDING_MISMATCH"
	CauseRevoked                  Cause = "REVOKED"
	CauseRevocationUnavailable    Cause = "REVOCATION_UNAVAILABLE"
	CauseTokenWithdrawn           Cause = "TOKEN_WITHDRAWN"
	CauseExpiredMidstream         Cause = "EXPIRED_MIDSTREAM"
)

// Reason returns what the peer is told. For a cause that is not on the list it
// is [ReasonTokenInvalid].
func (c Cause) Reason() Reason {
	if reason, ok := causes[c]; ok {
		return reason
	}
	return ReasonTokenInvalid
}

// Error implements error, for [errors.Is].
func (c Cause) Error() string { return "audience: " + string(c) }

var causes = map[Cause]Reason{
	CauseNoRule:                   ReasonNoPolicy,
	CauseTransportInsecure:        ReasonTransportInsecure,
	CauseCredentialsMissing:       ReasonCredentialsMissing,
	CauseCredentialsRepeated:      ReasonCredentialsMalformed,
	CauseSchemeUnsupported:        ReasonCredentialsMissing,
	CauseCredentialsMalformed:     ReasonCredentialsMalformed,
	CauseTokenTooLarge:            ReasonCredentialsMalformed,
	CauseTokenMalformed:           ReasonTokenInvalid,
	CauseAlgorithmNotAllowed:      ReasonTokenInvalid,
	CauseTypeNotAllowed:           ReasonTokenInvalid,
	CauseIssuerUnknown:            ReasonTokenInvalid,
	CauseKeysUnavailable:          ReasonIssuerUnavailable,
	CauseIntrospectionUnavailable: ReasonIssuerUnavailable,
	CauseKeyUnknown:               ReasonTokenInvalid,
	CauseSignatureInvalid:         ReasonTokenInvalid,
	CauseTokenInactive:            ReasonTokenInvalid,
	CauseClaimsMalformed:          ReasonTokenInvalid,
	CauseClaimMissing:             ReasonTokenInvalid,
	CauseClientAmbiguous:          ReasonTokenInvalid,
	CauseBindingUnsupported:       ReasonTokenInvalid,
	CauseIssuerNotAccepted:        ReasonTokenInvalid,
	CauseAudienceMissing:          ReasonAudienceMismatch,
	CauseAudienceMismatch:         ReasonAudienceMismatch,
	CauseAudienceNotSole:          ReasonAudienceMismatch,
	CauseExpired:                  ReasonTokenExpired,
	CauseNotYetValid:              ReasonTokenInvalid,
	CauseLifetimeTooLong:          ReasonTokenInvalid,
	CauseTokenTooOld:              ReasonTokenExpired,
	CauseBindingMissing:           ReasonTokenInvalid,
	CauseClientMissing:            ReasonClientNotAllowed,
	CauseClientNotAllowed:         ReasonClientNotAllowed,
	CauseCallerKind:               ReasonClientNotAllowed,
	CauseScopeMissing:             ReasonScopeInsufficient,
	CauseRoleMissing:              ReasonRoleInsufficient,
	CauseClaimNotAllowed:          ReasonClaimNotAllowed,
	CauseStepUp:                   ReasonStepUpRequired,
	CauseBindingMismatch:          ReasonTokenInvalid,
	CauseRevoked:                  ReasonTokenRevoked,
	CauseRevocationUnavailable:    ReasonIssuerUnavailable,
	CauseTokenWithdrawn:           ReasonTokenWithdrawn,
	CauseExpiredMidstream:         ReasonTokenExpired,
}
