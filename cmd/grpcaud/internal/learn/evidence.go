package learn

import (
	"strings"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/decision"
)

// evident says of each cause whether a call that was let through with it had a genuine
// token that was addressed to the service, valid, and presented by who may present it: all
// that is checked before the entries of the matrix. Of the others it is not known.
var evident = map[audience.Cause]bool{
	audience.CauseNoRule:                   true, // only where a rollout is about the method; the record then has a service
	audience.CauseTransportInsecure:        false,
	audience.CauseCredentialsMissing:       false,
	audience.CauseCredentialsRepeated:      false,
	audience.CauseSchemeUnsupported:        false,
	audience.CauseCredentialsMalformed:     false,
	audience.CauseTokenTooLarge:            false,
	audience.CauseTokenMalformed:           false,
	audience.CauseAlgorithmNotAllowed:      false,
	audience.CauseTypeNotAllowed:           false,
	audience.CauseIssuerUnknown:            false,
	audience.CauseKeysUnavailable:          false,
	audience.CauseIntrospectionUnavailable: false, // whether the token is active was to be asked
	audience.CauseKeyUnknown:               false,
	audience.CauseSignatureInvalid:         false,
	audience.CauseTokenInactive:            false,
	audience.CauseClaimsMalformed:          false, // what the token grants could not be read
	audience.CauseClaimMissing:             false,
	audience.CauseClientAmbiguous:          false,
	audience.CauseBindingUnsupported:       false,
	audience.CauseIssuerNotAccepted:        false,
	audience.CauseAudienceMissing:          false,
	audience.CauseAudienceMismatch:         false,
	audience.CauseAudienceNotSole:          false,
	audience.CauseExpired:                  false,
	audience.CauseNotYetValid:              false,
	audience.CauseLifetimeTooLong:          false,
	audience.CauseTokenTooOld:              false,
	audience.CauseBindingMissing:           false,
	audience.CauseClientMissing:            false, // no entry can name the client
	audience.CauseClientNotAllowed:         true,
	audience.CauseCallerKind:               true,
	audience.CauseScopeMissing:             true,
	audience.CauseRoleMissing:              true,
	audience.CauseClaimNotAllowed:          true,
	audience.CauseStepUp:                   true,
	audience.CauseBindingMismatch:          false,
	audience.CauseRevoked:                  false,
	audience.CauseRevocationUnavailable:    false,
	audience.CauseTokenWithdrawn:           false,
	audience.CauseExpiredMidstream:         false,
}

// The reasons for which a call is not learnt, beside the causes.
const (
	publicMethod     = "the method is public, or was called without a token where that is allowed"
	noClient         = "the token names no client"
	noService        = "the method belongs to no service of the matrix"
	tooLong          = "a name in the record has more than 200 bytes, or it has more than 256 scopes"
	notRead          = "the record does not say by which preset the token was read: use --base with a matrix that has the issuer"
	described        = "the matrix describes the tokens of the issuer, which records do not: use --base with that matrix"
	asked            = "the issuer is asked about its tokens, which needs a client and its secret: use --base with a matrix that has the issuer"
	severalPresets   = "tokens of the issuer were read by several presets: use --base with a matrix that has the issuer"
	badIssuer        = "the issuer cannot stand in a matrix: use --base with a matrix that has it"
	notInBase        = "the base has no such issuer, or the service does not accept it"
	tenant           = "the issuer has tenants, and an entry would be about all of them"
	serviceMissing   = "the base has no such service, or the service has no such gRPC service"
	closedInBase     = "the base closes the method"
	publicInBase     = "the base makes the method public"
	noAudience       = "the token has no aud: use --base with a matrix that says what stands for it"
	overHTTP         = "the call came over HTTP: use --base with a matrix that has the operation, or --descriptors with google.api.http"
	notAMethod       = "the method has no name that a matrix can have"
	ambiguousMethod  = "several gRPC services of the service have a method of that name, and the client did not call all of them"
	badClient        = "the id of the client cannot stand in a matrix"
	oddClient        = "the id of the client has characters beyond those of RFC 6749, appendix A.1, which may look like others: write its entry yourself"
	badService       = "the service or its audience cannot stand in a matrix"
	demandedBy       = "the .proto file or the base demands what the call does not have"
	severalAudiences = "the calls of the service share no value of aud, or several of which none is its name: use --base with a matrix that says its audience"
	otherAudience    = "the base gives the service another audience"
)

// hashedUser begins what a record has in the place of a client whose id names a user.
const hashedUser = "hmac-sha256:"

// maxName is the size of the longest name that is learnt, in bytes, and maxScopes how many
// scopes a call may have.
const (
	maxName   = 200
	maxScopes = 256
)

// whyNot returns why a call is not learnt; empty if it is.
func whyNot(r *decision.Record) string {
	switch {
	case r.Decision == decision.Refused:
		return "refused: " + r.Cause
	case r.Decision == decision.WouldRefuse && !evident[audience.Cause(r.Cause)]:
		return r.Cause
	case r.Caller == decision.NoCaller:
		return publicMethod
	case r.Service == "":
		return noService
	case r.Issuer == "", r.Client == "", strings.HasPrefix(r.Client, hashedUser):
		return noClient
	case max(len(r.Service), len(r.Method), len(r.Issuer), len(r.Client), len(r.ClientName), len(r.Preset)) > maxName, max(len(r.Scopes), len(r.Audience)) > maxScopes, longest(r.Scopes) > maxName, longest(r.Audience) > maxName:
		return tooLong
	default:
		return ""
	}
}

func longest(values []string) int {
	n := 0
	for _, v := range values {
		n = max(n, len(v))
	}
	return n
}
