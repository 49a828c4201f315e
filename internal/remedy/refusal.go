package remedy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// ofRefusal returns the remedy for a token that was refused: by the cause or, if the
// cause is not known, by the reason.
func (s Situation) ofRefusal() string {
	if of, ok := ofCause[s.Cause]; ok {
		return of(s)
	}
	if s.Cause != "" {
		return ""
	}
	return s.ofReason()
}

// ofCause has the remedies for the causes of package audience. A cause that is not
// here needs no remedy.
var ofCause = map[string]func(Situation) string{
	"METHOD_WITHOUT_RULE":   Situation.ofNoRule,
	"CREDENTIALS_REPEATED":  text("the client may have set credentials both for the connection and for the call"),
	"TOKEN_TOO_LARGE":       text("have {issuer} put less into the token, such as fewer groups"),
	"ALGORITHM_NOT_ALLOWED": Situation.ofAlgorithm,
	"TYPE_NOT_ALLOWED":      Situation.ofType,
	"CLAIM_MISSING":         Situation.ofMissingClaim,
	"ISSUER_UNKNOWN":        Situation.ofUnknownIssuer,
	"ISSUER_NOT_ACCEPTED":   Situation.ofUnknownIssuer,
	"KEY_UNKNOWN":           text("the issuer has no such key: it dropped it, and the client needs a new token, or another issuer of the same name signed this one; if the keys come from a file, it may be old"),
	"SIGNATURE_INVALID":     text("check whether the token was truncated or altered; if it was not, somebody other than {issuer} signed it"),
	"TOKEN_INACTIVE":        text("{issuer} says that the token has ended, was revoked, or was not issued for the client that asks about it: request a new one"),
	"BINDING_UNSUPPORTED":   Situation.ofOtherBinding,
	"AUDIENCE_MISSING":      unlessNoEntry(Situation.ofMissingAudience),
	"AUDIENCE_MISMATCH":     unlessNoEntry(Situation.ofOtherAudience),
	"AUDIENCE_NOT_SOLE":     text("every other service in aud could use this token here: the client should request one token for each service"),
	"EXPIRED":               text("request a new token from {issuer}; clients should do so before the old one expires"),
	"NOT_YET_VALID":         text("the clocks of issuer and service differ: set them by NTP; leeway in {issuer_place} allows for up to 5 minutes"),
	"LIFETIME_TOO_LONG":     Situation.ofLifetime,
	"TOKEN_TOO_OLD":         text("request a new token: max_age in {issuer_place} says how old one may be"),
	"BINDING_MISSING":       text("the client must request it over mutual TLS, and the issuer must bind the tokens that it issues"),
	"CLIENT_MISSING":        Situation.ofMissingClient,
	"CLIENT_NOT_ALLOWED":    Situation.ofOtherClient,
	"CALLER_KIND":           Situation.ofCallerKind,
	"SCOPE_MISSING":         unlessNoEntry(Situation.ofMissingScope),
	"ROLE_MISSING":          unlessNoEntry(Situation.ofMissingRole),
	"CLAIM_NOT_ALLOWED":     text("have {issuer} put the claim into the token, or remove it from {entry}"),
	"STEP_UP":               text("have the user log in again, as {entry} demands"),
	"TOKEN_WITHDRAWN":       text("{issuer} no longer calls the token active: request a new one; the user may have to log in again. If new tokens are refused as well, see whether the client under introspection of {issuer_place} may ask about them"),
	"REVOKED":               text("request a new token; the user may have to log in again"),
}

// text returns a remedy that depends only on the names.
func text(t string) func(Situation) string { return func(Situation) string { return t } }

// ofReason returns the remedy if only the reason is known, which the peer was told.
func (s Situation) ofReason() string {
	switch s.Reason {
	case "TOKEN_EXPIRED":
		return ofCause["EXPIRED"](s)
	case "TOKEN_REVOKED", "TOKEN_WITHDRAWN":
		return ofCause["REVOKED"](s)
	case "CLAIM_NOT_ALLOWED":
		return ofCause["CLAIM_NOT_ALLOWED"](s)
	case "STEP_UP_REQUIRED":
		return ofCause["STEP_UP"](s)
	case "CLIENT_NOT_ALLOWED":
		return "if {client} may call {method}, " + nameClient
	case "ROLE_INSUFFICIENT":
		return "have {issuer} grant the role to the caller"
	case "AUDIENCE_MISMATCH":
		return s.ofAudienceReason()
	case "SCOPE_INSUFFICIENT":
		return s.howToGrantScopes()
	case "NO_POLICY":
		return s.ofNoRule()
	}
	return ""
}

const nameClient = "name it under clients of an entry of services.{service}.allow; if tokens name it differently, write that as its id under clients"

func (s Situation) ofNoRule() string {
	switch {
	case s.Closed:
		return "the matrix lists the method under closed"
	case s.Service == "" || s.Method == "":
		return "no entry of the matrix names the method"
	}
	return "if {method} may be called, name it under methods of an entry of services.{service}.allow"
}

func (s Situation) ofAlgorithm() string {
	switch {
	case strings.HasPrefix(s.Algorithm, "HS"):
		return "only asymmetric signatures are accepted: have {issuer} sign access tokens with RS256 or ES256; a refresh token, which goes to the issuer alone, is often signed this way"
	case strings.EqualFold(s.Algorithm, "none"):
		return "the token is not signed: nobody vouches for it"
	case len(s.Want) > 0:
		return "if {issuer} signs so on purpose, add it to algorithms in {issuer_place}"
	}
	return ""
}

// ofOtherBinding names the other proof to which a token is bound by its claims.
func (s Situation) ofOtherBinding() string {
	cnf, _ := s.Claims["cnf"].(map[string]any)
	if _, ok := cnf["jkt"]; ok {
		return "a DPoP-bound token cannot be sent as Bearer: switch DPoP off for {client} at {issuer}"
	}
	return ""
}

func (s Situation) ofLifetime() string {
	if s.Lifetime == "" {
		return ""
	}
	return fmt.Sprintf("if tokens of {issuer} are to live that long, write max_lifetime: %s in {issuer_place}; otherwise shorten them there", s.Lifetime)
}

func (s Situation) ofMissingClient() string {
	t := s.provider().Token
	names := slices.DeleteFunc(slices.Clone(t.Clients), func(name string) bool { return name == "sub" })
	if len(names) == 0 {
		return ""
	}
	return join(fmt.Sprintf("the token does not name its client, which this preset reads from %s", strings.Join(names, " or ")), s.otherPreset())
}

// ofOtherClient explains why no entry names the client. Want are the ids that do.
func (s Situation) ofOtherClient() string {
	if near := NearMiss([]string{s.Client}, s.Want, "ids"); near != "" {
		return near
	}
	if IsGUID(s.Client) && !slices.ContainsFunc(s.Want, IsGUID) {
		return "tokens of this issuer name clients by id: write it beside the client's name, as its id"
	}
	return "if {client} may call" + s.calledMethod() + ", " + nameClient
}

// calledMethod names the method, if it is known.
func (s Situation) calledMethod() string {
	if s.Method == "" {
		return " this"
	}
	return " {method}"
}

func (s Situation) ofCallerKind() string {
	if s.Callers == "users" {
		return "{entry} is for users: call with a token that was exchanged for the user's, or remove callers: users there"
	}
	return "{entry} is for services that call as themselves: call with the client's own token, or remove callers: services there"
}

// ofMissingScope explains a missing scope. Got has the scopes of the token, and Want
// the demanded ones.
func (s Situation) ofMissingScope() string {
	return cmp.Or(NearMiss(s.Got, s.Want, "scopes"), s.howToGrantScopes())
}

func (s Situation) howToGrantScopes() string {
	return cmp.Or(s.provider().Advice.MissingScope, "have {client} request scope={scopes}, and {issuer} grant it")
}

func (s Situation) ofMissingRole() string {
	return cmp.Or(NearMiss(s.Got, s.Want, "roles"), "have {issuer} grant the role to the caller")
}

// ofUnknownIssuer explains an iss that is not among the issuers, if the mistake is a
// common one. Got is the iss, and Want has the issuers.
func (s Situation) ofUnknownIssuer() string {
	if len(s.Got) == 0 || s.Got[0] == "" {
		return "the token names no issuer: it is no access token of an OAuth provider"
	}
	for _, p := range provider.All() {
		if own := p.Addresses.OwnIssuer(s.Got[0], s.Want); own != "" {
			return cmp.Or(otherTenant(s.Got[0], own), p.Advice.OtherIssuer)
		}
	}
	if near := NearMiss(s.Got, s.Want, "issuers"); near != "" {
		return join(near, "url under issuers must be what tokens have in iss")
	}
	if s.Cause == "ISSUER_NOT_ACCEPTED" {
		return "if services.{service} is to accept its tokens, add it to the issuers there"
	}
	if s.Service == "" { // a stranger's, as far as a server knows
		return ""
	}
	return "if its tokens are to be accepted, add it under issuers, and to the issuers of services.{service} if that lists some"
}
