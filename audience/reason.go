package audience

// Status is the gRPC status code that a refusal is answered with.
type Status string

// The three answers: the token does not say who calls, the caller may not do
// this, and it cannot be found out now.
const (
	StatusUnauthenticated  Status = "UNAUTHENTICATED"
	StatusPermissionDenied Status = "PERMISSION_DENIED"
	StatusUnavailable      Status = "UNAVAILABLE"
)

// Reason is what the peer is told about a refusal: a closed list of stable
// words, coarse enough to help no forger. They travel as the reason of a
// google.rpc.ErrorInfo.
type Reason string

// The wire reasons. Each has one [Status] and one fixed phrase.
const (
	ReasonCredentialsMissing   Reason = "CREDENTIALS_MISSING"
	ReasonCredentialsMalformed Reason = "CREDENTIALS_MALFORMED"
	ReasonTransportInsecure    Reason = "TRANSPORT_INSECURE"
	ReasonTokenInvalid         Reason = "TOKEN_INVALID"
	ReasonTokenExpired         Reason = "TOKEN_EXPIRED"
	ReasonAudienceMismatch     Reason = "AUDIENCE_MISMATCH"
	ReasonClientNotAllowed     Reason = "CLIENT_NOT_ALLOWED"
	ReasonScopeInsufficient    Reason = "SCOPE_INSUFFICIENT"
	ReasonNoPolicy             Reason = "NO_POLICY"
	ReasonIssuerUnavailable    Reason = "ISSUER_UNAVAILABLE"
)

// Status returns the status that r is answered with; [StatusUnauthenticated]
// for a reason that is not on the list.
func (r Reason) Status() Status { return reasons[r].status }

// Phrase returns the fixed sentence that the peer reads.
func (r Reason) Phrase() string { return reasons[r].phrase }

// Challenge returns the error code of RFC 6750, section 3.1, that r stands
// for; empty where the section asks for none.
func (r Reason) Challenge() string { return reasons[r].challenge }

var reasons = map[Reason]struct {
	status            Status
	phrase, challenge string
}{
	ReasonCredentialsMissing:   {StatusUnauthenticated, "credentials missing", ""},
	ReasonCredentialsMalformed: {StatusUnauthenticated, "credentials malformed", "invalid_request"},
	ReasonTransportInsecure:    {StatusUnauthenticated, "tokens are not accepted over this transport", ""},
	ReasonTokenInvalid:         {StatusUnauthenticated, "token invalid", "invalid_token"},
	ReasonTokenExpired:         {StatusUnauthenticated, "token expired", "invalid_token"},
	ReasonAudienceMismatch:     {StatusUnauthenticated, "token is meant for another audience", "invalid_token"},
	ReasonClientNotAllowed:     {StatusPermissionDenied, "client not allowed", ""},
	ReasonScopeInsufficient:    {StatusPermissionDenied, "scope insufficient", "insufficient_scope"},
	ReasonNoPolicy:             {StatusPermissionDenied, "method has no access rule", ""},
	ReasonIssuerUnavailable:    {StatusUnavailable, "token cannot be judged now", ""},
}

// Cause is why a call was refused, as fine as the operator needs it: a closed
// list, each with the [Reason] that the peer is told. A Cause is an error, so
// that errors.Is(err, audience.CauseExpired) finds it in a [Refusal].
type Cause string

// The causes, in the order in which a call is judged.
const (
	CauseNoRule               Cause = "METHOD_WITHOUT_RULE"
	CauseTransportInsecure    Cause = "TRANSPORT_INSECURE"
	CauseCredentialsMissing   Cause = "CREDENTIALS_MISSING"
	CauseCredentialsRepeated  Cause = "CREDENTIALS_REPEATED"
	CauseSchemeUnsupported    Cause = "SCHEME_UNSUPPORTED"
	CauseCredentialsMalformed Cause = "CREDENTIALS_MALFORMED"
	CauseTokenTooLarge        Cause = "TOKEN_TOO_LARGE"
	CauseTokenMalformed       Cause = "TOKEN_MALFORMED"
	CauseAlgorithmNotAllowed  Cause = "ALGORITHM_NOT_ALLOWED"
	CauseTypeNotAllowed       Cause = "TYPE_NOT_ALLOWED"
	CauseIssuerUnknown        Cause = "ISSUER_UNKNOWN"
	CauseKeysUnavailable      Cause = "KEYS_UNAVAILABLE"
	CauseKeyUnknown           Cause = "KEY_UNKNOWN"
	CauseSignatureInvalid     Cause = "SIGNATURE_INVALID"
	CauseClaimsMalformed      Cause = "CLAIMS_MALFORMED"
	CauseClaimMissing         Cause = "CLAIM_MISSING"
	CauseClientAmbiguous      Cause = "CLIENT_AMBIGUOUS"
	CauseIssuerNotAccepted    Cause = "ISSUER_NOT_ACCEPTED"
	CauseAudienceMissing      Cause = "AUDIENCE_MISSING"
	CauseAudienceMismatch     Cause = "AUDIENCE_MISMATCH"
	CauseExpired              Cause = "EXPIRED"
	CauseNotYetValid          Cause = "NOT_YET_VALID"
	CauseLifetimeTooLong      Cause = "LIFETIME_TOO_LONG"
	CauseClientMissing        Cause = "CLIENT_MISSING"
	CauseClientNotAllowed     Cause = "CLIENT_NOT_ALLOWED"
	CauseScopeMissing         Cause = "SCOPE_MISSING"
)

// Reason returns what the peer is told; [ReasonTokenInvalid] for a cause that
// is not on the list.
func (c Cause) Reason() Reason {
	if reason, ok := causes[c]; ok {
		return reason
	}
	return ReasonTokenInvalid
}

// Error implements error, for [errors.Is].
func (c Cause) Error() string { return "audience: " + string(c) }

var causes = map[Cause]Reason{
	CauseNoRule:               ReasonNoPolicy,
	CauseTransportInsecure:    ReasonTransportInsecure,
	CauseCredentialsMissing:   ReasonCredentialsMissing,
	CauseCredentialsRepeated:  ReasonCredentialsMalformed,
	CauseSchemeUnsupported:    ReasonCredentialsMissing,
	CauseCredentialsMalformed: ReasonCredentialsMalformed,
	CauseTokenTooLarge:        ReasonCredentialsMalformed,
	CauseTokenMalformed:       ReasonTokenInvalid,
	CauseAlgorithmNotAllowed:  ReasonTokenInvalid,
	CauseTypeNotAllowed:       ReasonTokenInvalid,
	CauseIssuerUnknown:        ReasonTokenInvalid,
	CauseKeysUnavailable:      ReasonIssuerUnavailable,
	CauseKeyUnknown:           ReasonTokenInvalid,
	CauseSignatureInvalid:     ReasonTokenInvalid,
	CauseClaimsMalformed:      ReasonTokenInvalid,
	CauseClaimMissing:         ReasonTokenInvalid,
	CauseClientAmbiguous:      ReasonTokenInvalid,
	CauseIssuerNotAccepted:    ReasonTokenInvalid,
	CauseAudienceMissing:      ReasonAudienceMismatch,
	CauseAudienceMismatch:     ReasonAudienceMismatch,
	CauseExpired:              ReasonTokenExpired,
	CauseNotYetValid:          ReasonTokenInvalid,
	CauseLifetimeTooLong:      ReasonTokenInvalid,
	CauseClientMissing:        ReasonClientNotAllowed,
	CauseClientNotAllowed:     ReasonClientNotAllowed,
	CauseScopeMissing:         ReasonScopeInsufficient,
}
