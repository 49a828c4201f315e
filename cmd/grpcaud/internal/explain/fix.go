package explain

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// Situation is a refusal, as far as its fix depends on it.
type Situation struct {
	Reason   audience.Reason
	cause    audience.Cause // empty if it is not known
	Issuer   access.Issuer
	Audience string
	Client   string // its id; empty if it is not known
	Service  string
	Method   string
	entry    string // the entry that refused; empty if it is not known
	want     string // what the refusal wanted
	Scopes   []string
}

// fix returns what to change after a refusal, at this kind of issuer. It is empty if
// the hint of the failed check suffices.
func (t *GuardedMethod) fix(s *Explanation, r *audience.Refusal) string {
	issuer, _ := t.IssuerOf(s.Decoded)
	switch {
	case errors.Is(r.Err, errOffline):
		return "leave out --offline, or give the keys of the issuer with --jwks"
	case r.Cause == audience.CauseTokenMalformed && s.truncated:
		return "give the whole token: three parts with dots between them"
	case r.Cause == audience.CauseTokenMalformed && s.opaque:
		return fmt.Sprintf("have the issuer write JWTs for %s; or, if its tokens stay opaque, set introspection under issuers", t.service.Audiences[0])
	}
	return Situation{
		Reason: r.Reason(), cause: r.Cause, Issuer: issuer, Audience: t.service.Audiences[0], Client: s.Client(),
		Service: t.serviceName, Method: t.Method, entry: s.Entry, want: r.Want, Scopes: r.Challenge.Scopes,
	}.Fix()
}

// Fix returns what to change; empty if nothing is known.
func (t Situation) Fix() string {
	p := t.Issuer.Provider()
	advice := cmp.Or(t.ofCause(), adviceByReason[t.Reason])
	switch t.Reason {
	case audience.ReasonAudienceMismatch:
		advice = cmp.Or(p.Advice.Audience, advice)
	case audience.ReasonScopeInsufficient:
		advice = cmp.Or(p.Advice.MissingScope, advice)
	}
	return provider.Names{
		Audience: t.Audience, Client: t.Client, Issuer: t.Issuer.URL,
		Service: t.Service, Method: t.Method, Entry: t.entry, Scopes: t.Scopes,
	}.Fill(advice)
}

// ofCause returns what to change where the cause tells more than the reason.
func (t Situation) ofCause() string {
	switch users := t.want == string(access.UsersOnly)+" only"; {
	case t.cause == audience.CauseCallerKind && users:
		return "{entry} is for users: call with a token that was exchanged for the user's, or remove callers: users there"
	case t.cause == audience.CauseCallerKind:
		return "{entry} is for services that call as themselves: call with the client's own token, or remove callers: services there"
	default:
		return adviceByCause[t.cause]
	}
}

// adviceByCause is what to change, by the cause.
var adviceByCause = map[audience.Cause]string{
	audience.CauseIssuerUnknown:    "if its tokens are to be accepted, add it under issuers, and to the issuers of services.{service} if that lists some",
	audience.CauseTypeNotAllowed:   "send the access token, not the ID token or the refresh token that came with it",
	audience.CauseKeyUnknown:       "have the client request a new token from {issuer}: none of its keys has the kid of this one; if the keys come from --jwks or keys_file, check that they are the newest",
	audience.CauseSignatureInvalid: "check whether the token was truncated or altered; if it was not, somebody other than {issuer} signed it",
}

// Client returns the id of the client that the token names; empty if it names none.
func (d Decoded) Client() string {
	for _, name := range []string{"azp", "client_id", "cid", "appid", "sub"} {
		if id, ok := d.Claims[name].(string); ok {
			return id
		}
	}
	return ""
}

// adviceByReason is what to change, by the reason.
var adviceByReason = map[audience.Reason]string{
	audience.ReasonAudienceMismatch:  "have the client request a token for the audience {audience} from {issuer}",
	audience.ReasonTokenExpired:      "request a new token from {issuer}; clients should do so before the old one expires",
	audience.ReasonClientNotAllowed:  "if {client} may call {method}, name it under clients of an entry of services.{service}.allow; if tokens name it differently, write that as its id under clients",
	audience.ReasonScopeInsufficient: "have {client} request scope={scopes}, and {issuer} grant it",
	audience.ReasonRoleInsufficient:  "have {issuer} grant the role to the caller",
	audience.ReasonClaimNotAllowed:   "have {issuer} put the claim into the token, or remove it from {entry}",
	audience.ReasonStepUpRequired:    "have the user log in again, as {entry} demands",
	audience.ReasonNoPolicy:          "if {method} may be called, name it under methods of an entry of services.{service}.allow",
	audience.ReasonIssuerUnavailable: "check that {issuer} can be reached from here, or give its keys with --jwks",
}
