package remedy

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// ownText is what a cause or a reason of package audience is about. Means is what it
// means, if that is more particular than the subject.
type ownText struct {
	about About
	means string
}

// ownReasons has the phrase of every reason, as package audience has it.
var ownReasons = map[string]string{
	"CREDENTIALS_MISSING":   "credentials missing",
	"CREDENTIALS_MALFORMED": "credentials malformed: send one authorization value, Bearer and a token",
	"TRANSPORT_INSECURE":    "tokens are not accepted over this transport",
	"TOKEN_INVALID":         "token invalid",
	"TOKEN_EXPIRED":         "token expired",
	"TOKEN_REVOKED":         "token revoked",
	"TOKEN_WITHDRAWN":       "token is no longer active",
	"AUDIENCE_MISMATCH":     "token is meant for another audience",
	"CLIENT_NOT_ALLOWED":    "client not allowed",
	"SCOPE_INSUFFICIENT":    "scope insufficient",
	"ROLE_INSUFFICIENT":     "role insufficient",
	"CLAIM_NOT_ALLOWED":     "claim not allowed",
	"STEP_UP_REQUIRED":      "a stronger or newer login is required",
	"NO_POLICY":             "method has no access rule",
	"ISSUER_UNAVAILABLE":    "token cannot be judged now",
	"TOKEN_NOT_OBTAINED":    "no token for the call",
}

// ownTexts has every cause and every reason of package audience.
var ownTexts = map[string]ownText{
	"METHOD_WITHOUT_RULE":       {about: AboutMethod},
	"TRANSPORT_INSECURE":        {about: AboutTransport},
	"CREDENTIALS_MISSING":       {about: AboutMissing},
	"CREDENTIALS_REPEATED":      {AboutForm, "the call has more than one authorization value"},
	"SCHEME_UNSUPPORTED":        {AboutForm, "the authorization value has another scheme than Bearer"},
	"CREDENTIALS_MALFORMED":     {about: AboutForm},
	"TOKEN_TOO_LARGE":           {AboutForm, "the token is larger than the service reads"},
	"TOKEN_MALFORMED":           {about: AboutForm},
	"ALGORITHM_NOT_ALLOWED":     {AboutForm, "the token is signed with an algorithm that the service does not accept"},
	"TYPE_NOT_ALLOWED":          {about: AboutForm},
	"ISSUER_UNKNOWN":            {about: AboutIssuer},
	"KEYS_UNAVAILABLE":          {about: AboutKeys},
	"INTROSPECTION_UNAVAILABLE": {about: AboutOutage},
	"KEY_UNKNOWN":               {about: AboutKeys},
	"SIGNATURE_INVALID":         {about: AboutSignature},
	"TOKEN_INACTIVE":            {AboutRevoked, "the issuer says that the token is not active: it has ended, was revoked, or was not issued for this service"},
	"CLAIMS_MALFORMED":          {about: AboutClaims},
	"CLAIM_MISSING":             {about: AboutClaims},
	"CLIENT_AMBIGUOUS":          {AboutClaims, "the claims of the token name more than one client"},
	"BINDING_UNSUPPORTED":       {about: AboutBinding},
	"ISSUER_NOT_ACCEPTED":       {about: AboutIssuer},
	"AUDIENCE_MISSING":          {AboutAudience, "the token is genuine, and its aud names no service"},
	"AUDIENCE_MISMATCH":         {about: AboutAudience},
	"AUDIENCE_NOT_SOLE":         {AboutAudience, "the token names other services too, and this one accepts only tokens for itself alone"},
	"EXPIRED":                   {about: AboutExpiry},
	"NOT_YET_VALID":             {about: AboutTime},
	"LIFETIME_TOO_LONG":         {AboutExpiry, "the token lives longer than the service accepts"},
	"TOKEN_TOO_OLD":             {AboutExpiry, "the token is older than the service accepts"},
	"BINDING_MISSING":           {about: AboutBinding},
	"CLIENT_MISSING":            {AboutClient, "the token does not say which client calls"},
	"CLIENT_NOT_ALLOWED":        {about: AboutClient},
	"CALLER_KIND":               {AboutClient, "the method is for users and a service calls as itself, or the other way round"},
	"SCOPE_MISSING":             {about: AboutScope},
	"ROLE_MISSING":              {about: AboutScope},
	"CLAIM_NOT_ALLOWED":         {about: AboutClaims},
	"STEP_UP":                   {about: AboutLogin},
	"BINDING_MISMATCH":          {about: AboutBinding},
	"REVOKED":                   {about: AboutRevoked},
	"REVOCATION_UNAVAILABLE":    {about: AboutOutage},
	"TOKEN_WITHDRAWN":           {AboutRevoked, "the issuer, asked about the token at the call, does not call it active: its user has logged out, it was withdrawn, or it was not issued for the service that asks"},
	"EXPIRED_MIDSTREAM":         {AboutExpiry, "the token expired while the stream was open"},

	"TOKEN_INVALID":      {about: AboutToken},
	"TOKEN_EXPIRED":      {about: AboutExpiry},
	"TOKEN_REVOKED":      {about: AboutRevoked},
	"SCOPE_INSUFFICIENT": {about: AboutScope},
	"ROLE_INSUFFICIENT":  {about: AboutScope},
	"STEP_UP_REQUIRED":   {about: AboutLogin},
	"NO_POLICY":          {about: AboutMethod},
	"ISSUER_UNAVAILABLE": {about: AboutOutage},
	"TOKEN_NOT_OBTAINED": {about: AboutSecret},
}

var (
	// ownWord matches a word that may be a cause or a reason. One without an underscore
	// is common: it must be the beginning, or follow what a log writes before it.
	ownWord = regexp.MustCompile(`\b[A-Z]+(?:_[A-Z]+)+\b|(?:^|audience: |(?:cause|reason)\W{1,4})[A-Z]+\b`)

	// ownValues finds the audiences in the text of a refusal, if it has them.
	ownValues = regexp.MustCompile(`(?is)^(?:.*?got aud (?P<got>("[^"]*" ?)+), want (?P<want>("[^"]*" ?)+))?`)

	// ownPhrase matches a status with the phrase of a reason.
	ownPhrase = regexp.MustCompile(`(?i)(?:^|desc = |message: |unauthenticated: |permission_?denied: |unavailable: )(` + strings.Join(ownPhrases(), "|") + `)(?:$|[;(,\n])`)
)

// ownPhrases returns the phrases of the reasons, as regular expressions.
func ownPhrases() []string {
	var all []string
	for _, phrase := range ownReasons {
		all = append(all, regexp.QuoteMeta(phrase))
	}
	slices.Sort(all)
	return all
}

// ownMessage recognises a text of this module: by a cause, or else by a reason or its
// phrase.
func ownMessage(text string) (phrase, bool) {
	text = strings.TrimSpace(text)
	cause, reason := "", ""
	for _, match := range ownWord.FindAllString(text, -1) {
		word := match[strings.LastIndexFunc(match, func(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') })+1:]
		_, known := ownTexts[word]
		switch _, told := ownReasons[word]; {
		case told:
			reason = cmp.Or(reason, word)
		case known:
			cause = cmp.Or(cause, word)
		}
	}
	word := cmp.Or(cause, reason)
	if found := ownPhrase.FindStringSubmatch(text); word == "" && found != nil {
		word = reasonWith(found[1])
	}
	own, ok := ownTexts[word]
	return phrase{stack: "grpcaud", about: own.about, means: own.means, text: ownValues}, ok
}

// reasonWith returns the reason that has this phrase.
func reasonWith(text string) string {
	for word, phrase := range ownReasons {
		if strings.EqualFold(phrase, text) {
			return word
		}
	}
	return ""
}
