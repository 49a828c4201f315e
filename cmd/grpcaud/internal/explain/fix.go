package explain

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// Situation is what went wrong, as far as a fix depends on it.
type Situation struct {
	Reason   audience.Reason
	cause    audience.Cause // if it is known
	Issuer   access.Issuer
	Audience string
	Client   string // its id, if it is known
	Service  string
	Method   string
	entry    string // that refused, if it is known
	want     string // of the refusal
	Scopes   []string
}

// fix says what to do about a refusal, at this kind of issuer. It is empty where
// the hint of the question says it all.
func (t *GuardedMethod) fix(s *Explanation, r *audience.Refusal) string {
	issuer, _ := t.IssuerOf(s.Decoded)
	switch {
	case errors.Is(r.Err, errOffline):
		return "leave out --offline, or give the keys of the issuer by --jwks"
	case r.Cause == audience.CauseTokenMalformed && s.truncated:
		return "was it cut off? Give the whole token: three parts with dots between them"
	case r.Cause == audience.CauseTokenMalformed && s.opaque:
		return fmt.Sprintf("have the issuer send JWTs for %s; or, if its tokens are to stay opaque, set introspection under issuers", t.service.Audiences[0])
	}
	return Situation{
		Reason: r.Reason(), cause: r.Cause, Issuer: issuer, Audience: t.service.Audiences[0], Client: s.Client(),
		Service: t.serviceName, Method: t.Method, entry: s.Entry, want: r.Want, Scopes: r.Challenge.Scopes,
	}.Fix()
}

func (t Situation) Fix() string {
	p, _ := provider.Lookup(t.Issuer.Preset)
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

// ofCause says what to do where the reason alone does not tell.
func (t Situation) ofCause() string {
	switch users := t.want == string(access.UsersOnly)+" only"; {
	case t.cause == audience.CauseCallerKind && users:
		return "this entry is for users: call with OnBehalfOf, or take callers: users out of {entry}"
	case t.cause == audience.CauseCallerKind:
		return "this entry is for services that call as themselves: call without OnBehalfOf, or take callers: services out of {entry}"
	default:
		return adviceByCause[t.cause]
	}
}

// adviceByCause are what to do, by the cause.
var adviceByCause = map[audience.Cause]string{
	audience.CauseIssuerUnknown:    "if its tokens are to be accepted, add it under issuers, and to the issuers of services.{service} if that lists some",
	audience.CauseTypeNotAllowed:   "send the access token, not the ID token or the refresh token that came with it",
	audience.CauseKeyUnknown:       "have the client ask {issuer} for a new token: no key of the issuer is of the kid of this one; if the keys came by --jwks or keys_file, see that they are the issuer's newest",
	audience.CauseSignatureInvalid: "see whether the token was cut off or altered; if it was not, another than {issuer} signed it",
}

// Client is the id of whom a token says it was issued to; empty if it says nothing.
func (d Decoded) Client() string {
	for _, name := range []string{"azp", "client_id", "cid", "appid", "sub"} {
		if id, ok := d.Claims[name].(string); ok {
			return id
		}
	}
	return ""
}

// adviceByReason are what to do, by the reason.
var adviceByReason = map[audience.Reason]string{
	audience.ReasonAudienceMismatch:  "have the client ask {issuer} for a token for the audience {audience}",
	audience.ReasonTokenExpired:      "ask {issuer} for a new token; clients should do so before the old one ends",
	audience.ReasonClientNotAllowed:  "if {client} is to call {method}, name it under clients of an entry of services.{service}.allow; what tokens call it stands under clients as its id",
	audience.ReasonScopeInsufficient: "have {client} ask for scope={scopes}, and {issuer} grant it",
	audience.ReasonRoleInsufficient:  "have {issuer} grant the role to whoever calls",
	audience.ReasonClaimNotAllowed:   "have {issuer} put the claim into the token, or take it off the entry",
	audience.ReasonStepUpRequired:    "have the user log in again, as the entry asks for",
	audience.ReasonNoPolicy:          "if {method} is to be called, name it under methods of an entry of services.{service}.allow",
	audience.ReasonIssuerUnavailable: "see that {issuer} can be reached from here, or give its keys by --jwks",
}
