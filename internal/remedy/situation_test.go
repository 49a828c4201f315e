package remedy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// row is a situation, and a part of its remedy; none if that is empty.
type row struct {
	name string
	s    remedy.Situation
	want string
}

const (
	issuerURL = "https://id.example.com/realms/corp"
	tenantA   = "9b2f1c1e-5d0a-4b7e-8f3a-2c6d7e8f9a0b"
	tenantB   = "11111111-2222-4333-8444-555555555555"
)

var known = provider.Names{
	Audience: "order-status", Client: "portal", Issuer: issuerURL, Place: "issuers.corp (access.yaml:3)",
	Service: "order-status", Method: "/acme.Orders/Get", Entry: "services.order-status.allow[0]", Scopes: []string{"orders.read"},
}

var secret = remedy.Credential{Kind: "secret", Place: "environment variable PORTAL_SECRET (access.yaml:12)"}

// refused is a token request that the provider refused.
func refused(preset string, status int, code, description string) remedy.Situation {
	return remedy.Situation{
		Names: known, Preset: preset, Credential: secret,
		Answer: remedy.Answer{Endpoint: remedy.TokenEndpoint, Status: status, Body: remedy.JSON, Code: code, Description: description, Requested: []string{"order-status"}},
	}
}

func exchange(s remedy.Situation) remedy.Situation {
	s.Exchange = true
	return s
}

func asked(s remedy.Situation, scopes ...string) remedy.Situation {
	s.Requested = scopes
	return s
}

// answered is a request that was answered without an error code.
func answered(of remedy.Endpoint, status int, body remedy.Body) remedy.Situation {
	return remedy.Situation{Names: known, Preset: "keycloak", Credential: secret, Answer: remedy.Answer{Endpoint: of, Status: status, Body: body}}
}

func failed(of remedy.Endpoint, fault remedy.Fault, other string) remedy.Situation {
	return remedy.Situation{Names: known, Preset: "keycloak", Answer: remedy.Answer{Endpoint: of, Fault: fault, Other: other}}
}

// local is the situation at an issuer that grpcaud dev plays.
func local(s remedy.Situation) remedy.Situation {
	s.Issuer = "http://127.0.0.1:40001/corp"
	return s
}

// judged is a token that was refused.
func judged(preset, cause string) remedy.Situation {
	return remedy.Situation{Names: known, Preset: preset, Cause: cause}
}

func compared(cause, what, got, want string) remedy.Situation {
	s := judged("keycloak", cause)
	s.Got, s.Want = strings.Fields(got), strings.Fields(want)
	if what == "issuers" {
		s.Preset = ""
	}
	return s
}

func withClaims(s remedy.Situation, claims map[string]any) remedy.Situation {
	s.Claims = claims
	return s
}

const credentialText = `the secret of client "portal", from environment variable PORTAL_SECRET (access.yaml:12), was not accepted by https://id.example.com/realms/corp`

// requestRows are token requests that were refused, by provider.
var requestRows = []row{
	{"Keycloak: wrong secret", refused("keycloak", 401, "unauthorized_client", "Invalid client or Invalid client credentials"), credentialText},
	{"Keycloak: its words in another case", refused("keycloak", 401, "unauthorized_client", "INVALID CLIENT OR INVALID CLIENT CREDENTIALS"), credentialText},
	{"Keycloak: where the secret is", refused("keycloak", 401, "unauthorized_client", "Invalid client or Invalid client credentials"), `in Keycloak it is under Clients, client "portal", Credentials`},
	{"Keycloak: unknown client", refused("keycloak", 401, "invalid_client", "Invalid client or Invalid client credentials"), `knows no client "portal"`},
	{"Keycloak: no service account", refused("keycloak", 401, "unauthorized_client", "Client not enabled to retrieve service account"), "switch on Client authentication and Service account roles"},
	{"Keycloak: public client", refused("keycloak", 401, "unauthorized_client", "Public client not allowed to retrieve service account"), "Service account roles"},
	{"Keycloak: a code with other words", refused("keycloak", 401, "unauthorized_client", "Something new"), ""},
	{"Keycloak: a code without words", refused("keycloak", 400, "unauthorized_client", ""), ""},
	{"Keycloak: the scope of the audience", refused("keycloak", 400, "invalid_scope", "Invalid scopes: order-status"), `create a client scope named "order-status"`},
	{"Keycloak: one of two scopes", asked(refused("keycloak", 400, "invalid_scope", "Invalid scopes: order-status orders.read"), "order-status", "orders.read"), "does not say which of the 2 scopes was refused: compare order-status, orders.read"},
	{"Keycloak: one of three scopes", asked(refused("keycloak", 400, "invalid_scope", "Invalid scopes: a b c"), "a b", "c"), "which of the 3 scopes"},
	{"Keycloak: one other scope", asked(refused("keycloak", 400, "invalid_scope", "Invalid scopes: orders.read"), "orders.read"), "assign the client scopes orders.read"},
	{"Keycloak: exchange is off", exchange(refused("keycloak", 400, "invalid_request", "Standard token exchange is not enabled for the requested client")), "switch on Standard Token Exchange"},
	{"Keycloak: exchange of a public client", exchange(refused("keycloak", 400, "invalid_client", "Public client is not allowed to exchange token")), "switch on Standard Token Exchange"},
	{"Keycloak: token for another client", exchange(refused("keycloak", 403, "access_denied", "Client is not within the token audience")), "its aud must name the client that exchanges it"},
	{"Keycloak: audience cannot be had", exchange(refused("keycloak", 400, "invalid_request", "Requested audience not available: order-status")), `give it a client scope with an audience mapper for "order-status"`},
	{"Keycloak: exchange, a code without words", exchange(refused("keycloak", 400, "unauthorized_client", "")), "switch on Standard Token Exchange"},
	{"Keycloak: exchange, a code with other words", exchange(refused("keycloak", 400, "unauthorized_client", "new")), ""},
	{"Keycloak: dead subject", exchange(refused("keycloak", 400, "invalid_request", "Invalid token")), "check that the token to exchange is still valid"},
	{"Keycloak: realm that does not exist", refused("keycloak", 404, "Realm does not exist", ""), "check how it is written in issuers.corp (access.yaml:3)"},
	{"Keycloak: plain http", refused("keycloak", 403, "invalid_request", "HTTPS required"), "wants https"},
	{"Keycloak: a request that it does not like", refused("keycloak", 400, "invalid_request", "Missing form parameter: grant_type"), ""},
	{"Entra: wrong secret", refused("entra", 401, "invalid_client", "AADSTS7000215: Invalid client secret provided."), "was not accepted by"},
	{"Entra: the id of the secret in its place", refused("entra", 401, "invalid_client", "AADSTS7000215: Invalid client secret provided."), "the value of the secret, not its id"},
	{"Entra: secret that has expired", refused("entra", 401, "invalid_client", "AADSTS7000222: The provided client secret keys are expired."), "has expired at"},
	{"Entra: unknown app", refused("entra", 400, "unauthorized_client", "AADSTS700016: Application with identifier 'x' was not found in the directory."), `knows no client "portal"`},
	{"Entra: unknown tenant", refused("entra", 400, "invalid_request", "AADSTS90002: Tenant 'x' not found."), "there is no such realm or tenant"},
	{"Entra: unknown API", refused("entra", 400, "invalid_resource", "AADSTS500011: The resource principal named x was not found"), `expose an API with the application id URI or id "order-status"`},
	{"Entra: no role of the API", refused("entra", 400, "invalid_grant", "AADSTS501051: Application is not assigned to a role for the application"), "expose an API"},
	{"Entra: no consent", exchange(refused("entra", 400, "invalid_grant", "AADSTS65001: The user or administrator has not consented")), "nobody has consented"},
	{"Entra: token for another API", exchange(refused("entra", 400, "invalid_grant", "AADSTS500131: Assertion audience does not match")), "its aud must name the client"},
	{"Entra: another login is wanted", exchange(refused("entra", 400, "invalid_grant", "AADSTS50076: you must use multi-factor authentication")), ""},
	{"Entra: wrong key", refused("entra", 401, "invalid_client", "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered"), "was not accepted by"},
	{"Entra v1: wrong secret", refused("entra-v1", 401, "invalid_client", "AADSTS7000215: Invalid client secret"), "was not accepted by"},
	{"Entra: a number that is not known", refused("entra", 400, "unauthorized_client", "AADSTS999999: new"), ""},
	{"Auth0: wrong secret", refused("auth0", 401, "access_denied", "Unauthorized"), "was not accepted by"},
	{"Auth0: not authorized for the API", refused("auth0", 403, "access_denied", `Client is not authorized to access "order-status". You need to create a "client-grant"`), `authorize client "portal" for the API "order-status"`},
	{"Auth0: unknown API", refused("auth0", 403, "access_denied", "Service not found: order-status"), `for the API "order-status"`},
	{"Auth0: grant is off", refused("auth0", 403, "unauthorized_client", "Grant type 'client_credentials' not allowed for the client."), "switch on Client Credentials"},
	{"Auth0: access denied for another cause", refused("auth0", 403, "access_denied", "Blocked by an action"), ""},
	{"Auth0 RFC 9068: wrong secret", refused("auth0-rfc9068", 401, "access_denied", "Unauthorized"), "was not accepted by"},
	{"Okta: wrong secret", refused("okta", 401, "invalid_client", "The client secret supplied for a confidential client is invalid."), "was not accepted by"},
	{"Okta: unknown client", refused("okta", 401, "invalid_client", "Invalid value for 'client_id' parameter."), "knows no client"},
	{"Okta: grant is off", refused("okta", 400, "unauthorized_client", "The client is not authorized to use the provided grant type."), "select Client Credentials"},
	{"Okta: policy", refused("okta", 400, "access_denied", "Policy evaluation failed for this request"), "let an access policy"},
	{"Okta: scope", asked(refused("okta", 400, "invalid_scope", "One or more scopes are not configured"), "orders.read"), "let client \"portal\" have the scope orders.read"},
	{"Hydra: audience", refused("hydra", 400, "invalid_request", "Requested audience 'order-status' has not been whitelisted by the OAuth 2.0 Client."), `to the audience list of client "portal"`},
	{"Hydra: another way to authenticate", refused("hydra", 401, "invalid_client", "The OAuth 2.0 Client supports client authentication method 'client_secret_post', but method 'client_secret_basic' was requested."), "registered for another way to authenticate"},
	{"Hydra: grant", refused("hydra", 400, "unauthorized_client", "The OAuth 2.0 Client is not allowed to use authorization grant 'client_credentials'."), "allow it the grant client_credentials"},
	{"Hydra: exchange", exchange(refused("hydra", 400, "invalid_request", "The request is missing a required parameter")), "Hydra has no token exchange"},
	{"Cognito: wrong secret", refused("cognito", 400, "invalid_client_secret", ""), "was not accepted by"},
	{"Cognito: unknown client", refused("cognito", 400, "invalid_client", ""), "or it knows no client of this id"},
	{"Cognito: grant", refused("cognito", 400, "unauthorized_client", ""), "select Client credentials"},
	{"Cognito: exchange", exchange(refused("cognito", 400, "unsupported_grant_type", "")), "Cognito has no token exchange"},
	{"Dex: no trusted peer", refused("dex", 400, "invalid_scope", `Client can't request scope "audience:server:client_id:order-status"`), "trustedPeers"},
	{"ZITADEL: wrong secret", refused("zitadel", 400, "invalid_client", "invalid secret"), "was not accepted by"},
	{"Duende: wrong secret", refused("duende", 400, "invalid_client", ""), "was not accepted by"},
	{"Duende: audience", refused("duende", 400, "invalid_target", ""), `make an API resource named "order-status"`},
	{"any: client", refused("", 401, "invalid_client", ""), "or it knows no client of this id"},
	{"any: grant", refused("", 400, "unauthorized_client", ""), "allow it the grant client_credentials"},
	{"any: exchange", exchange(refused("", 400, "unsupported_grant_type", "")), "exchange tokens"},
	{"any: subject", exchange(refused("", 400, "invalid_grant", "")), "check that the token to exchange is still valid"},
	{"any: audience", refused("", 400, "invalid_target", ""), "ask: resource, or a scope, in issuers.corp (access.yaml:3)"},
	{"any: a code that nobody knows", refused("", 400, "slow_down", "later"), ""},
	{"any: a request that it does not like", refused("", 400, "invalid_request", "no"), ""},
	{"any: grant of the client itself", refused("", 400, "invalid_grant", ""), ""},
}

// answerRows are requests without an error code, and without an answer.
var answerRows = []row{
	{"token endpoint: 302", answered(remedy.TokenEndpoint, 302, 0), "the answer leads elsewhere"},
	{"token endpoint: 307 to a host", func() remedy.Situation {
		s := answered(remedy.TokenEndpoint, 307, 0)
		s.Leads = "https://login.example.com"
		return s
	}(), `leads to "https://login.example.com"`},
	{"token endpoint: 404", answered(remedy.TokenEndpoint, 404, remedy.NoBody), "nothing is there: check the address of the token endpoint (token_url in issuers.corp (access.yaml:3)"},
	{"token endpoint: 404 with a page", answered(remedy.TokenEndpoint, 404, remedy.HTML), "nothing is there"},
	{"token endpoint: 410", answered(remedy.TokenEndpoint, 410, remedy.JSON), "nothing is there"},
	{"token endpoint: 405", answered(remedy.TokenEndpoint, 405, remedy.NoBody), "something else answers there"},
	{"token endpoint: 401 without a body", answered(remedy.TokenEndpoint, 401, remedy.NoBody), "did not authenticate the client"},
	{"token endpoint: 401 with a page", answered(remedy.TokenEndpoint, 401, remedy.HTML), "a web page came instead of JSON"},
	{"token endpoint: 403 with a page", answered(remedy.TokenEndpoint, 403, remedy.HTML), "a web page came instead of JSON"},
	{"token endpoint: 403 without a body", answered(remedy.TokenEndpoint, 403, remedy.NoBody), ""},
	{"token endpoint: 403 with JSON", answered(remedy.TokenEndpoint, 403, remedy.JSON), ""},
	{"token endpoint: 200 with a page", answered(remedy.TokenEndpoint, 200, remedy.HTML), "a web page came instead of JSON"},
	{"token endpoint: 400 without a code", answered(remedy.TokenEndpoint, 400, remedy.JSON), ""},
	{"token endpoint: 400 with text", answered(remedy.TokenEndpoint, 400, remedy.OtherBody), ""},
	{"token endpoint: 407", answered(remedy.TokenEndpoint, 407, 0), "HTTPS_PROXY"},
	{"token endpoint: 429", answered(remedy.TokenEndpoint, 429, remedy.JSON), ""},
	{"token endpoint: 500 with a page", answered(remedy.TokenEndpoint, 500, remedy.HTML), ""},
	{"token endpoint: 503", answered(remedy.TokenEndpoint, 503, 0), ""},
	{"keys: 302", answered(remedy.Keys, 302, 0), "the answer leads elsewhere"},
	{"keys: 401", answered(remedy.Keys, 401, remedy.JSON), ""},
	{"keys: 403 with a page", answered(remedy.Keys, 403, remedy.HTML), "a web page came"},
	{"keys: 404", answered(remedy.Keys, 404, 0), "jwks in issuers.corp (access.yaml:3)"},
	{"keys: 503", answered(remedy.Keys, 503, 0), ""},
	{"metadata: 404", answered(remedy.Metadata, 404, 0), "exactly what tokens have in iss, such as https://sso.example.com/realms/corp"},
	{"metadata: 302", answered(remedy.Metadata, 302, 0), "url or discovery in issuers.corp"},
	{"metadata: 200 with a page", answered(remedy.Metadata, 200, remedy.HTML), "a web page came"},
	{"introspection: 401", answered(remedy.Introspection, 401, remedy.NoBody), "did not authenticate the client"},
	{"introspection: 404", answered(remedy.Introspection, 404, 0), "introspection.url in issuers.corp"},
	{"unknown host", failed(remedy.Metadata, remedy.HostUnknown, ""), "has no address here"},
	{"nobody listens", failed(remedy.TokenEndpoint, remedy.Unreachable, ""), "can be reached from here"},
	{"time-out", failed(remedy.Keys, remedy.TimedOut, ""), "can be reached from here"},
	{"nobody listens on this machine", local(failed(remedy.Metadata, remedy.Unreachable, "")), "if that is grpcaud dev, start it"},
	{"time-out on this machine", local(failed(remedy.Keys, remedy.TimedOut, "")), "if that is grpcaud dev, start it"},
	{"secret of an earlier run", local(refused("keycloak", 401, "invalid_client", "")), "if that is grpcaud dev, the secret may be of an earlier run"},
	{"secret of an earlier run, Entra", local(refused("entra", 401, "invalid_client", "AADSTS7000215")), "if that is grpcaud dev, the secret may be of an earlier run"},
	{"own authority", failed(remedy.Metadata, remedy.CertificateUnknown, ""), "--issuer-ca"},
	{"certificate of another host", failed(remedy.Metadata, remedy.CertificateOther, ""), "for another host"},
	{"no TLS", failed(remedy.Metadata, remedy.NotTLS, ""), "does not use TLS"},
	{"keys file is missing", failed(remedy.Keys, remedy.FileMissing, ""), "keys_file in issuers.corp (access.yaml:3) names a file that is not there"},
	{"metadata with a slash", failed(remedy.Metadata, remedy.OtherIssuer, issuerURL+"/"), "only by a trailing slash"},
	{"metadata of another host", failed(remedy.Metadata, remedy.OtherIssuer, "https://sso.corp.internal/realms/corp"), "only by its host"},
	{"metadata of a stranger", failed(remedy.Metadata, remedy.OtherIssuer, "https://evil.example"), `write "https://evil.example" as url`},
	{"metadata without an issuer", failed(remedy.Metadata, remedy.OtherIssuer, ""), "not the metadata of an issuer"},
	{"broken for an unknown cause", failed(remedy.Metadata, 0, ""), ""},
}

// audienceRows are tokens for other audiences.
var audienceRows = []row{
	{"port", compared("AUDIENCE_MISMATCH", "", "https://orders.example.com:443", "https://orders.example.com"), "only by the port :443"},
	{"other port", compared("AUDIENCE_MISMATCH", "", "https://orders.example.com:8443", "https://orders.example.com:443"), "only by the port,"},
	{"gRPC service", compared("AUDIENCE_MISMATCH", "", "https://orders.example.com/acme.orders.v1.OrderStatus", "https://orders.example.com"), `only by the path "/acme.orders.v1.OrderStatus" at its end`},
	{"dns target", compared("AUDIENCE_MISMATCH", "", "dns:///orders.example.com:443", "https://orders.example.com"), "only by its scheme and the port :443"},
	{"host and port", compared("AUDIENCE_MISMATCH", "", "orders.example.com:443", "https://orders.example.com"), "only by its scheme and the port :443"},
	{"case", compared("AUDIENCE_MISMATCH", "", "https://ORDERS.example.com", "https://orders.example.com"), "only by upper and lower case"},
	{"scheme", compared("AUDIENCE_MISMATCH", "", "http://orders.example.com", "https://orders.example.com"), "only by its scheme"},
	{"scheme in capitals", compared("AUDIENCE_MISMATCH", "", "HTTPS://orders.example.com", "https://orders.example.com"), "only by upper and lower case"},
	{"slash", compared("AUDIENCE_MISMATCH", "", "https://orders.example.com/", "https://orders.example.com"), "only by a trailing slash"},
	{"well-known", compared("AUDIENCE_MISMATCH", "", "https://orders.example.com/.well-known/x", "https://orders.example.com"), "/.well-known/x"},
	{"second of two", compared("AUDIENCE_MISMATCH", "", "account https://orders.example.com/", "https://orders.example.com"), "only by a trailing slash"},
	{"other host", compared("AUDIENCE_MISMATCH", "", "https://hr.example.com", "https://orders.example.com"), "add a mapper of type Audience"},
	{"other path", compared("AUDIENCE_MISMATCH", "", "https://api.example.com/hr", "https://api.example.com/orders"), "add a mapper of type Audience"},
	{"SPIFFE path", compared("AUDIENCE_MISMATCH", "", "spiffe://example.org/a/b", "spiffe://example.org/a"), "add a mapper of type Audience"},
	{"white space", func() remedy.Situation {
		s := compared("AUDIENCE_MISMATCH", "", "", "order-status")
		s.Got = []string{"order-status "}
		return s
	}(), "only by white space"},
	{"default of Keycloak", compared("AUDIENCE_MISMATCH", "", "account", "order-status"), `"account" is what Keycloak puts into every token`},
	{"the client itself", compared("AUDIENCE_MISMATCH", "", "portal", "order-status"), "is the client itself"},
	{"Entra's other form", compared("AUDIENCE_MISMATCH", "", "api://"+tenantA, tenantA), "requestedAccessTokenVersion"},
	{"an id for a name", compared("AUDIENCE_MISMATCH", "", tenantA, "order-status"), "is an id and not a name"},
	{"missing", judged("keycloak", "AUDIENCE_MISSING"), "without an audience"},
	{"missing, default preset", judged("", "AUDIENCE_MISSING"), "ask: resource"},
	{"not sole", judged("keycloak", "AUDIENCE_NOT_SOLE"), "one token for each service"},
}

// issuerRows are tokens of other issuers.
var issuerRows = []row{
	{"slash", compared("ISSUER_UNKNOWN", "issuers", issuerURL+"/", issuerURL), "only by a trailing slash, and issuers are compared exactly; url under issuers"},
	{"port", compared("ISSUER_UNKNOWN", "issuers", "https://id.example.com:443/realms/corp", issuerURL), "only by the port :443"},
	{"http", compared("ISSUER_UNKNOWN", "issuers", "http://id.example.com/realms/corp", issuerURL), "only by its scheme"},
	{"realm in capitals", compared("ISSUER_UNKNOWN", "issuers", "https://id.example.com/realms/CORP", issuerURL), "only by upper and lower case"},
	{"inside name", compared("ISSUER_UNKNOWN", "issuers", "http://keycloak:8080/realms/corp", issuerURL), "its scheme, its host and the port :8080"},
	{"other host", compared("ISSUER_UNKNOWN", "issuers", "https://sso.example.net/realms/corp", issuerURL), "only by its host"},
	{"well-known appended", compared("ISSUER_UNKNOWN", "issuers", issuerURL, issuerURL+"/.well-known/openid-configuration"), `the path "/.well-known/openid-configuration" at its end`},
	{"keys appended", compared("ISSUER_UNKNOWN", "issuers", issuerURL, issuerURL+"/protocol/openid-connect/certs"), "/protocol/openid-connect/certs"},
	{"old path of Keycloak", compared("ISSUER_UNKNOWN", "issuers", "https://id.example.com/auth/realms/corp", issuerURL), `the path "/auth" in it`},
	{"Okta's own", compared("ISSUER_UNKNOWN", "issuers", "https://acme.okta.com/oauth2/default", "https://acme.okta.com"), `the path "/oauth2/default" at its end`},
	{"Entra: tenant", compared("ISSUER_UNKNOWN", "issuers", "https://login.microsoftonline.com/"+tenantA+"/v2.0", "https://login.microsoftonline.com/"+tenantB+"/v2.0"), "another tenant issued the token: " + tenantA},
	{"Entra: common", compared("ISSUER_UNKNOWN", "issuers", "https://login.microsoftonline.com/"+tenantA+"/v2.0", "https://login.microsoftonline.com/common/v2.0"), "never common: write " + tenantA},
	{"Entra: organizations", compared("ISSUER_UNKNOWN", "issuers", "https://login.microsoftonline.com/"+tenantA+"/v2.0", "https://login.microsoftonline.com/organizations/v2.0"), "never organizations"},
	{"Entra: template", compared("ISSUER_UNKNOWN", "issuers", "https://login.microsoftonline.com/"+tenantA+"/v2.0", "https://login.microsoftonline.com/{tenantid}/v2.0"), "{tenantid} stands for no tenant"},
	{"Entra: version", compared("ISSUER_UNKNOWN", "issuers", "https://sts.windows.net/"+tenantA+"/", "https://login.microsoftonline.com/"+tenantA+"/v2.0"), "one issuer for v1 tokens"},
	{"no iss", compared("ISSUER_UNKNOWN", "issuers", "", issuerURL), "names no issuer"},
	{"a stranger, at the command line", compared("ISSUER_UNKNOWN", "issuers", "https://evil.example", issuerURL), "if its tokens are to be accepted"},
	{"a stranger, at a server", func() remedy.Situation {
		s := compared("ISSUER_UNKNOWN", "issuers", "https://evil.example", issuerURL)
		s.Service = ""
		return s
	}(), ""},
	{"trusted by another service", compared("ISSUER_NOT_ACCEPTED", "issuers", "https://other.example", issuerURL), "if services.order-status is to accept its tokens"},
}

// tokenRows are tokens that are refused for what they are.
var tokenRows = []row{
	{"Entra v1 under entra", withClaims(remedy.Situation{Names: known, Preset: "entra", Cause: "CLAIM_MISSING", Missing: "azp"}, map[string]any{"ver": "1.0", "sub": "a", "appid": "b"}), "write preset: entra-v1 in issuers.corp (access.yaml:3)"},
	{"Entra v2 under entra-v1", withClaims(remedy.Situation{Names: known, Preset: "entra-v1", Cause: "CLAIM_MISSING", Missing: "appid"}, map[string]any{"ver": "2.0", "sub": "a", "azp": "b"}), "write preset: entra "},
	{"Keycloak under the default", withClaims(remedy.Situation{Names: known, Cause: "TYPE_NOT_ALLOWED", Type: "JWT", TypeRefused: true}, map[string]any{"typ": "Bearer", "azp": "a"}), "written as Keycloak writes them: write preset: keycloak"},
	{"Cognito under the default", withClaims(remedy.Situation{Cause: "TYPE_NOT_ALLOWED", TypeRefused: true}, map[string]any{"token_use": "access", "client_id": "a", "sub": "b"}), "write preset: cognito"},
	{"Kubernetes under the default", withClaims(remedy.Situation{Cause: "TYPE_NOT_ALLOWED", TypeRefused: true}, map[string]any{"sub": "system:serviceaccount:a:b"}), "write preset: kubernetes"},
	{"Okta under the default", withClaims(remedy.Situation{Cause: "TYPE_NOT_ALLOWED", TypeRefused: true}, map[string]any{"cid": "a", "sub": "b", "scp": []any{"c"}}), "okta would read this one"},
	{"a dialect that nobody knows", withClaims(remedy.Situation{Cause: "TYPE_NOT_ALLOWED", Type: "x", TypeRefused: true}, map[string]any{"sub": "b"}), "name its preset, such as keycloak"},
	{"JWT under the default", remedy.Situation{Cause: "TYPE_NOT_ALLOWED", Type: "JWT", TypeRefused: true}, "if this is an ID token"},
	{"ID token by its claim", withClaims(remedy.Situation{Preset: "keycloak", Cause: "TYPE_NOT_ALLOWED", Kind: "ID"}, map[string]any{"typ": "ID"}), "this is an ID token"},
	{"ID token under the default is no other preset's", withClaims(remedy.Situation{Cause: "TYPE_NOT_ALLOWED", Type: "JWT", TypeRefused: true}, map[string]any{"typ": "ID", "azp": "a", "sub": "b", "jti": "c"}), "name its preset, such as keycloak"},
	{"ID token that lacks a claim", withClaims(remedy.Situation{Preset: "auth0", Cause: "CLAIM_MISSING", Missing: "azp"}, map[string]any{"nonce": "n", "sub": "b"}), "this is not an access token"},
	{"ID token by a claim that marks it", withClaims(remedy.Situation{Preset: "google", Cause: "TYPE_NOT_ALLOWED", Marked: true}, map[string]any{"at_hash": "x"}), "this is not an access token"},
	{"refresh token", remedy.Situation{Preset: "keycloak", Cause: "TYPE_NOT_ALLOWED", Kind: "Refresh"}, "refresh token"},
	{"offline token", remedy.Situation{Preset: "keycloak", Cause: "TYPE_NOT_ALLOWED", Kind: "Offline"}, "refresh token"},
	{"logout token", remedy.Situation{Preset: "keycloak", Cause: "TYPE_NOT_ALLOWED", Kind: "Logout"}, "logout token"},
	{"DPoP proof", remedy.Situation{Preset: "keycloak", Cause: "TYPE_NOT_ALLOWED", Type: "dpop+jwt", TypeRefused: true}, "DPoP proof"},
	{"no typ claim under keycloak", remedy.Situation{Preset: "keycloak", Cause: "TYPE_NOT_ALLOWED", Missing: "typ"}, "the access tokens of Keycloak have the claim typ"},
	{"no sub", remedy.Situation{Preset: "keycloak", Cause: "CLAIM_MISSING", Missing: "sub"}, "client scope basic"},
	{"HS256", remedy.Situation{Cause: "ALGORITHM_NOT_ALLOWED", Algorithm: "HS512"}, "only asymmetric signatures"},
	{"none", remedy.Situation{Cause: "ALGORITHM_NOT_ALLOWED", Algorithm: "none"}, "is not signed"},
	{"ES256 not listed", remedy.Situation{Names: known, Cause: "ALGORITHM_NOT_ALLOWED", Algorithm: "ES256", Want: []string{"RS256"}}, "algorithms in issuers.corp"},
	{"DPoP-bound", withClaims(judged("keycloak", "BINDING_UNSUPPORTED"), map[string]any{"cnf": map[string]any{"jkt": "x"}}), "switch DPoP off"},
	{"bound by something else", withClaims(judged("keycloak", "BINDING_UNSUPPORTED"), map[string]any{"cnf": map[string]any{"osc": "x"}}), ""},
	{"lives too long", remedy.Situation{Names: known, Cause: "LIFETIME_TOO_LONG", Lifetime: "24h5m"}, "write max_lifetime: 24h5m in issuers.corp (access.yaml:3)"},
	{"lives for ever", remedy.Situation{Names: known, Cause: "LIFETIME_TOO_LONG"}, ""},
	{"expired", judged("keycloak", "EXPIRED"), "request a new token"},
	{"too old", judged("keycloak", "TOKEN_TOO_OLD"), "max_age in issuers.corp"},
	{"not yet", judged("keycloak", "NOT_YET_VALID"), "clocks"},
	{"no client", judged("keycloak", "CLIENT_MISSING"), "reads from azp or client_id"},
	{"no client where sub is it", judged("google", "CLIENT_MISSING"), ""},
	{"client in capitals", func() remedy.Situation {
		s := judged("keycloak", "CLIENT_NOT_ALLOWED")
		s.Client, s.Want = "Portal", []string{"portal"}
		return s
	}(), "upper and lower case, and ids"},
	{"client by id", func() remedy.Situation {
		s := judged("entra", "CLIENT_NOT_ALLOWED")
		s.Client, s.Want = tenantA, []string{"portal"}
		return s
	}(), "name clients by id"},
	{"client", judged("keycloak", "CLIENT_NOT_ALLOWED"), `if client "portal" may call /acme.Orders/Get`},
	{"scope in capitals", compared("SCOPE_MISSING", "", "Orders.Read", "orders.read"), "upper and lower case, and scopes"},
	{"scope with the API before it", compared("SCOPE_MISSING", "", "api://x/orders.read", "orders.read"), `the prefix "api://x/"`},
	{"scope without the API before it", compared("SCOPE_MISSING", "", "read", "orders/read"), `the prefix "orders/"`},
	{"scope", compared("SCOPE_MISSING", "", "orders.list", "orders.read"), "assign the client scopes orders.read"},
	{"role of a client", compared("ROLE_MISSING", "", "order-status/clerk", "clerk"), `the prefix "order-status/"`},
	{"role", compared("ROLE_MISSING", "", "admin", "clerk"), "grant the role"},
	{"claim", judged("keycloak", "CLAIM_NOT_ALLOWED"), "put the claim into the token"},
	{"login", judged("keycloak", "STEP_UP"), "log in again, as services.order-status.allow[0]"},
	{"user wanted", remedy.Situation{Names: known, Cause: "CALLER_KIND", Callers: "users"}, "is for users"},
	{"service wanted", remedy.Situation{Names: known, Cause: "CALLER_KIND", Callers: "services"}, "is for services"},
	{"no rule", judged("keycloak", "METHOD_WITHOUT_RULE"), "name it under methods of an entry of services.order-status.allow"},
	{"closed", remedy.Situation{Names: known, Cause: "METHOD_WITHOUT_RULE", Closed: true}, "under closed"},
	{"no rule, at a server", remedy.Situation{Cause: "METHOD_WITHOUT_RULE"}, "no entry of the matrix names the method"},
	{"too large", judged("keycloak", "TOKEN_TOO_LARGE"), "fewer groups"},
	{"malformed claims", judged("keycloak", "CLAIMS_MALFORMED"), ""},
	{"revocation is down", judged("keycloak", "REVOCATION_UNAVAILABLE"), ""},
	{"reason: audience", remedy.Situation{Names: known, Preset: "keycloak", Reason: "AUDIENCE_MISMATCH"}, "add a mapper of type Audience"},
	{"reason: scope", remedy.Situation{Names: known, Preset: "okta", Reason: "SCOPE_INSUFFICIENT"}, "request scope=orders.read"},
	{"reason: client", remedy.Situation{Names: known, Reason: "CLIENT_NOT_ALLOWED"}, "may call /acme.Orders/Get"},
	{"reason: expired", remedy.Situation{Names: known, Reason: "TOKEN_EXPIRED"}, "request a new token"},
	{"reason: the token was not good", remedy.Situation{Names: known, Reason: "TOKEN_INVALID"}, ""},
	{"nothing", remedy.Situation{}, ""},
}

// TestRemedies shows what is advised in each situation, and where nothing is.
func TestRemedies(t *testing.T) {
	rows := 0
	for _, table := range [][]row{requestRows, answerRows, audienceRows, issuerRows, tokenRows} {
		for _, r := range table {
			rows++
			t.Run(r.name, func(t *testing.T) {
				got := r.s.Remedy()
				if !strings.Contains(got, r.want) || (got == "") != (r.want == "") {
					t.Errorf("got %q, want %q in it", got, r.want)
				}
				for _, left := range []string{"{client", "{issuer", "{audience", "{credential", "{entry", "{scopes", "{service", "{method"} {
					if strings.Contains(got, left) {
						t.Errorf("%q has a placeholder that nothing filled", got)
					}
				}
			})
		}
	}
	const least = 120
	if rows < least {
		t.Errorf("%d situations, want at least %d", rows, least)
	}
}

// TestRemediesRepeatNoToken shows that a value which may be a token is not repeated.
func TestRemediesRepeatNoToken(t *testing.T) {
	const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln"
	s := failed(remedy.Metadata, remedy.OtherIssuer, "https://x/"+jwt)
	if got := s.Remedy(); got == "" || strings.Contains(got, "eyJ") {
		t.Errorf("got %q", got)
	}
}

// TestRemediesOfManyValuesAreShort shows that a stranger cannot make a remedy long, or
// slow.
func TestRemediesOfManyValuesAreShort(t *testing.T) {
	s := judged("keycloak", "AUDIENCE_MISMATCH")
	s.Want = []string{"order-status"}
	for i := range 20000 {
		s.Got = append(s.Got, fmt.Sprintf("x%d/%s", i, strings.Repeat("y", 20)))
	}
	s.Got = append(s.Got, strings.Repeat("z", 1<<20))
	if got := s.Remedy(); len(got) > 1<<10 {
		t.Errorf("a remedy of %d bytes", len(got))
	}
}

func FuzzNearMiss(f *testing.F) {
	f.Add("https://orders.example.com:443/", "https://orders.example.com")
	f.Add("dns:///a:b:1//", " ")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, what := range []string{"audiences", "issuers", "ids", "scopes", "roles"} {
			there, back := remedy.NearMiss([]string{a}, []string{b}, what), remedy.NearMiss([]string{b}, []string{a}, what)
			if len(a) < 1000 && len(b) < 1000 && (there == "") != (back == "") {
				t.Errorf("%q and %q are near as %s one way alone: %q, %q", a, b, what, there, back)
			}
			if a == b && there != "" {
				t.Errorf("%q differs from itself: %s", a, there)
			}
		}
	})
}

// TestIssuersOfOthersAreNotThoseOfDev shows that only an issuer without TLS on this machine
// is taken for one of grpcaud dev.
func TestIssuersOfOthersAreNotThoseOfDev(t *testing.T) {
	for issuer, want := range map[string]bool{
		"http://localhost:8080": true, "http://[::1]:8080/x": true, "http://127.0.0.1": true,
		"https://127.0.0.1:8443": false, "https://idp.example.com": false, "http://10.0.0.1": false, "http://%": false, "": false,
	} {
		for _, s := range []remedy.Situation{failed(remedy.Metadata, remedy.Unreachable, ""), refused("rfc9068", 401, "invalid_client", "")} {
			s.Issuer = issuer
			if got := s.Remedy(); strings.Contains(got, "grpcaud dev") != want || got == "" {
				t.Errorf("%q: %q, want a word about grpcaud dev: %t", issuer, got, want)
			}
		}
	}
}
