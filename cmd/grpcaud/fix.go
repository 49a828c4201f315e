package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// trouble is what went wrong, as far as a fix depends on it.
type trouble struct {
	reason   audience.Reason
	cause    audience.Cause // if it is known
	issuer   access.Issuer
	audience string
	client   string // with the word before it: `client "portal"`
	service  string
	method   string
	entry    string // that refused, if it is known
	want     string // of the refusal
	scopes   []string
}

// fix says what to do about a refusal, at this kind of issuer. It is empty where
// the hint of the question says it all.
func (t *target) fix(s *story, r *audience.Refusal) string {
	issuer, _ := t.issuerOf(s.decoded)
	switch {
	case errors.Is(r.Err, errOffline):
		return "leave out --offline, or give the keys of the issuer by --jwks"
	case r.Cause == audience.CauseTokenMalformed && s.halved:
		return "was it cut off? Give the whole token: three parts with dots between them"
	case r.Cause == audience.CauseTokenMalformed && s.opaque:
		return fmt.Sprintf("have the issuer send JWTs for %s; or, if its tokens are to stay opaque, set introspection under issuers", t.service.Audiences[0])
	}
	return trouble{
		reason: r.Reason(), cause: r.Cause, issuer: issuer, audience: t.service.Audiences[0], client: s.client(),
		service: t.name, method: t.method, entry: s.Entry, want: r.Want, scopes: r.Challenge.Scopes,
	}.fix()
}

func (t trouble) fix() string {
	preset := cmp.Or(t.issuer.Preset, claims.DefaultPreset)
	fill := strings.NewReplacer(
		"{audience}", t.audience, "{client}", t.client, "{service}", t.service, "{method}", t.method,
		"{issuer}", cmp.Or(t.issuer.URL, "the issuer"), "{scopes}", strings.Join(t.scopes, " "), "{entry}", cmp.Or(t.entry, "the entry"),
	)
	advice := cmp.Or(t.ofCause(), advices[t.reason])
	if special, ok := askFor[preset]; ok && t.reason == audience.ReasonAudienceMismatch {
		advice = special
	}
	if preset == "keycloak" && t.reason == audience.ReasonScopeInsufficient {
		advice = "in Keycloak, assign the client scopes {scopes} to {client}; if they are optional, the client asks for scope={scopes}"
	}
	return fill.Replace(advice)
}

// ofCause says what to do where the reason alone does not tell.
func (t trouble) ofCause() string {
	switch users := t.want == string(access.UsersOnly)+" only"; {
	case t.cause == audience.CauseCallerKind && users:
		return "this entry is for users: call with OnBehalfOf, or take callers: users out of {entry}"
	case t.cause == audience.CauseCallerKind:
		return "this entry is for services that call as themselves: call without OnBehalfOf, or take callers: services out of {entry}"
	default:
		return causes[t.cause]
	}
}

// causes are what to do, by the cause.
var causes = map[audience.Cause]string{
	audience.CauseIssuerUnknown:    "if its tokens are to be accepted, add it under issuers, and to the issuers of services.{service} if that lists some",
	audience.CauseTypeNotAllowed:   "send the access token, not the ID token or the refresh token that came with it",
	audience.CauseKeyUnknown:       "have the client ask {issuer} for a new token: no key of the issuer is of the kid of this one; if the keys came by --jwks or keys_file, see that they are the issuer's newest",
	audience.CauseSignatureInvalid: "see whether the token was cut off or altered; if it was not, another than {issuer} signed it",
}

// client is whom a token says it was issued to.
func (d decoded) client() string {
	for _, name := range []string{"azp", "client_id", "cid", "appid", "sub"} {
		if id, ok := d.Claims[name].(string); ok {
			return fmt.Sprintf("client %q", id)
		}
	}
	return "the client"
}

// advices are what to do, by the reason.
var advices = map[audience.Reason]string{
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

// askFor is how a client comes by a token for an audience, by the preset of the
// issuer.
var askFor = map[string]string{
	"keycloak":      `in Keycloak, add a mapper of type Audience for {audience} to a client scope, and assign that to {client}; if it is optional, the client asks for it by scope. Keycloak ignores an audience parameter`,
	"auth0":         "have {client} ask with audience={audience}, the identifier of the API to the letter, and authorize it for that API",
	"auth0-rfc9068": "have {client} ask with audience={audience}, the identifier of the API to the letter, and authorize it for that API",
	"okta":          "an authorization server of Okta has one audience: have {client} ask at the token endpoint of the one whose audience is {audience}",
	"entra":         "have {client} ask with scope={audience}/.default; version 2 tokens then have the GUID of the API in aud",
	"entra-v1":      "have {client} ask with scope={audience}/.default; aud is then the App ID URI or the GUID, as it was asked for",
	"hydra":         "have {client} ask with audience={audience}, and list that under the audience of the client in Hydra",
	"zitadel":       "have {client} ask with scope=urn:zitadel:iam:org:project:id:{audience}:aud, where {audience} is the id of the project",
	"zitadel-oidc":  "have {client} ask with the scope that the server turns into the audience {audience}, as urn:zitadel:iam:org:project:id:{audience}:aud",
	"google":        "ask the metadata server for an identity token with audience={audience}",
	"cognito":       "have {client} ask with a scope of the resource server that stands for the service",
	"pingone":       "have {client} ask with a scope of the resource whose audience is {audience}, and of no other resource",
	"duende":        "have {client} ask with resource={audience}, or with a scope of that API resource",
	"dex":           "have {client} ask with scope=audience:server:client_id:{audience}, and list it under trustedPeers of that client",
	"spiffe":        "fetch the JWT-SVID with audience {audience}",
	"kubernetes":    "project the service account token with audience: {audience}",
	"oidc-provider": "have {client} ask with resource={audience} (RFC 8707)",
	"rfc9068":       "have {client} ask with resource={audience} (RFC 8707), or as {issuer} has it",
}
