package policyfile

import "strings"

// description explains one key to the author of a file.
type description struct {
	what      string // one sentence
	byDefault string // what holds without the key; empty if the key is required
	example   any
}

// text returns the description as editors show it.
func (d description) text() string {
	if d.byDefault == "" {
		return d.what
	}
	return d.what + " Default: " + d.byDefault + "."
}

// descriptions has every key of the format, by its path, with * for a name that the
// file chooses.
var descriptions = map[string]description{
	"version":  {"The version of the format.", "", 1},
	"includes": {"Files that are read as parts of this matrix, as patterns below the folder of this file.", "no other files", []string{"teams/*.yaml"}},
	"issuers":  {"The authorization servers whose tokens are accepted, by names of your choice. The first file must have one.", "none", map[string]any{"corp": map[string]any{"url": "https://idp.example.com"}}},
	"services": {"The services that are guarded, by names of your choice. A matrix must have one.", "none", nil},
	"clients":  {"The clients that rules name. The name is the client's id, unless it has an id key.", "no clients", map[string]any{"customer-portal": map[string]any{}}},
	"external": {"APIs that clients call and that no server of this matrix guards.", "none", nil},
	"public":   {"gRPC services, or single methods, that anybody may call without a token.", "none", []string{"grpc.health.v1.Health", "grpc.health.v1.Health/Check"}},
	"never":    {"Statements that must hold of all ways by which clients reach a service, directly or through services that call on. A matrix that breaks one does not load.", "none", []map[string]any{{"from": "customer-portal", "to": "human-resource"}}},

	"never.from":         {"The clients with which the ways begin: a name, a list, or any.", "", "customer-portal"},
	"never.to":           {"The service, or the API under external, that they must not reach.", "", "human-resource"},
	"never.methods":      {"The methods of that service that the statement is about.", "all", []string{"ReviewEmployees"}},
	"never.except":       {"Methods of that service that the statement is not about, instead of methods.", "none", []string{"GetEmployee"}},
	"never.through":      {"Limits the statement to ways through this service.", "all ways", "order-status"},
	"never.without_user": {"Limits the statement to ways that arrive without the user: a service in the middle, or the client, calls as itself.", "false: all ways", true},

	"issuers.*.url":           {"The iss claim of its tokens, compared exactly: a trailing slash matters.", "", "https://idp.example.com/realms/corp"},
	"issuers.*.tenants":       {"The tenants whose tokens are accepted. The url and other addresses have {tenant} in the place of a tenant; each is an issuer of its own, by the name ISSUER/TENANT.", "the issuer has no tenants", []string{"9b2f1c1e-5d0a-4b7e-8f3a-2c6d7e8f9a0b"}},
	"issuers.*.trust_domain":  {"The trust domain of JWT-SVIDs, for preset spiffe: a token without iss is one of the issuer with the trust domain of its sub.", "tokens must have iss, unless url is spiffe:// and a trust domain", "example.org"},
	"issuers.*.discovery":     {"The address of its metadata document.", "url and /.well-known/openid-configuration", "https://idp.internal:8443/realms/corp/.well-known/openid-configuration"},
	"issuers.*.hosts":         {"Further hosts, besides the host of its metadata, on which the metadata may place keys and endpoints, over https.", "the hosts that the preset knows", []string{"keys.example.com"}},
	"issuers.*.jwks":          {"The address of its signing keys.", "the jwks_uri of its metadata", "https://idp.example.com/realms/corp/protocol/openid-connect/certs"},
	"issuers.*.keys_file":     {"A file with its signing keys as a JWK set, for services that cannot reach the issuer. It is read again when it changes.", "the keys are fetched", "corp.jwks"},
	"issuers.*.ca_file":       {"A file with the certificate authorities, in PEM, that are trusted for its addresses instead of the system's. It is read again when it changes.", "the system's", "corp-ca.pem"},
	"issuers.*.preset":        {"The kind of authorization server: a name, or a mapping that says how its tokens are read and how an audience is requested. What a mapping leaves out is the strict choice. A claim inside of an object is written as a path, such as /realm_access/roles.", "rfc9068", "keycloak"},
	"issuers.*.algorithms":    {"The algorithms that its tokens may be signed with.", "every asymmetric one", []string{"RS256"}},
	"issuers.*.leeway":        {"How far its clock and that of the service may differ, at most 5m.", "30s", "10s"},
	"issuers.*.max_lifetime":  {"The longest lifetime of a token, from iat to exp.", "24h, or what the preset says (28h for Entra ID)", "1h"},
	"issuers.*.max_age":       {"The longest time since the iat of a token.", "no limit but exp", "10m"},
	"issuers.*.bound":         {"Refuses tokens that are not bound to the certificate of the client (RFC 8705).", "tokens may be unbound", "required"},
	"issuers.*.introspection": {"How the issuer is asked about tokens (RFC 7662): about each of them, which may be opaque, or, with online_only, about those of entries with online.", "the tokens are JWTs", map[string]any{"client": "order-status", "secret": map[string]any{"env": "INTROSPECTION_SECRET"}}},
	"issuers.*.token_url":     {"The address of its token endpoint.", "the token_endpoint of its metadata", "https://idp.example.com/realms/corp/protocol/openid-connect/token"},
	"issuers.*.ask":           {"How clients request an audience: a parameter, a scope, or a token endpoint for each service.", "as the preset says", "resource"},
	"issuers.*.parameters":    {"Parameters that clients send in addition with each token request.", "none", map[string]any{"organization": "acme"}},
	"issuers.*.insecure":      {"Accepts plain http on a loopback address, or on hosts that are named.", "https only", "loopback"},
	"issuers.*.insecure.host": {"A host, or a list of hosts, without ports: keys and the secrets of clients travel to it without protection.", "", "keycloak"},

	"issuers.*.auth_style":         {"How client secrets are sent to it: in the Authorization header (basic) or in the form (post).", "basic, unless its metadata lists client_secret_post alone", "post"},
	"issuers.*.assertion_audience": {"The audience of the assertions by which clients authenticate (private_key_jwt): issuer, token_endpoint, or the address that the issuer has for its token endpoint.", "as the preset says: token_endpoint at hydra, okta and entra, else issuer", "token_endpoint"},
	"issuers.*.token_type":         {"A token_type in its answers that stands for Bearer, compared exactly.", "Bearer alone", "BearerToken"},

	"issuers.*.introspection.mtls":        {"The certificate by which the service authenticates over mutual TLS (RFC 8705), instead of secret.", "none", map[string]any{"cert": "tls.crt", "key": "tls.key"}},
	"issuers.*.introspection.mtls.cert":   {"The path of the certificate, in PEM.", "", "tls.crt"},
	"issuers.*.introspection.mtls.key":    {"The path of its key, in PEM.", "", "tls.key"},
	"issuers.*.introspection.insecure":    {"Asks without authentication, at an endpoint for administrators that has none. It needs url, and excludes client, secret and mtls.", "the service authenticates", "no_authentication"},
	"issuers.*.introspection.online_only": {"The tokens are JWTs, which the keys of the issuer verify; it is asked only for entries with online.", "false: it is asked about each token", true},
	"issuers.*.introspection.url":         {"The introspection endpoint.", "the introspection_endpoint of its metadata", "https://idp.example.com/introspect"},
	"issuers.*.introspection.client":      {"The client id by which the service authenticates to the issuer.", "none: only with insecure", "order-status"},
	"issuers.*.introspection.secret":      {"Where the client secret is kept.", "none: mtls has a certificate", map[string]any{"env": "INTROSPECTION_SECRET"}},
	"issuers.*.introspection.secret.file": {"The path of the file with the secret.", "none: env names a variable", "introspection.secret"},
	"issuers.*.introspection.secret.env":  {"The environment variable with the secret.", "none: file names a file", "INTROSPECTION_SECRET"},
	"issuers.*.ask.scope":                 {"A scope that requests an audience, with {audience} in its place.", "none", "{audience}/.default"},
	"issuers.*.ask.token_urls":            {"A token endpoint for each service, by the name of the service.", "none", map[string]any{"order-status": "https://idp.example.com/orders/token"}},

	"issuers.*.preset.types":                     {"The typ headers of access tokens; none is a token without one. Case and a leading application/ do not count.", "", []string{"at+jwt"}},
	"issuers.*.preset.client":                    {"The claims that may hold the client's id; the first that is present counts. azp and client_id must name the same client.", "caller_claims say who calls", []string{"azp", "client_id"}},
	"issuers.*.preset.client_optional":           {"Accepts tokens that name no client; rules that list clients refuse them.", "false", true},
	"issuers.*.preset.sole_audience_is_client":   {"Takes the only value of aud for the client if none of its claims is present.", "false", true},
	"issuers.*.preset.not_client":                {"Says which of azp and client_id may hold something else than the client's id, and what that ends with after a star.", "both must be the client's id", map[string]any{"azp": "*.example.com"}},
	"issuers.*.preset.caller_claims":             {"The claims that say who calls: a rule that demands values of one need not list clients.", "none", []string{"repository"}},
	"issuers.*.preset.caller_claims.claim":       {"The name of the claim.", "", "email"},
	"issuers.*.preset.caller_claims.verified_by": {"A claim that must be true for it to count.", "none", "email_verified"},
	"issuers.*.preset.subject":                   {"The claim that says which user.", "sub", "oid"},
	"issuers.*.preset.subject_prefix":            {"What each subject begins with.", "any", "spiffe://"},
	"issuers.*.preset.subject_optional":          {"Accepts tokens without a subject that are not known for a service's own, unless they record a login.", "only a service's token may lack it", true},
	"issuers.*.preset.required":                  {"Claims that each token must have.", "those that name the caller", []string{"sub", "jti"}},
	"issuers.*.preset.values":                    {"Claims that must have this very text.", "none", map[string]any{"token_use": "access"}},
	"issuers.*.preset.forbidden":                 {"Claims that mark tokens of other kinds, such as ID tokens; or none.", "nonce, at_hash, c_hash and events", []string{"at_hash", "c_hash"}},
	"issuers.*.preset.issuer_aliases":            {"Other spellings of url in iss.", "none", []string{"idp.example.com"}},
	"issuers.*.preset.scopes":                    {"The claims that may hold the scopes as one string; the first that is present counts.", "tokens have no scopes", "scope"},
	"issuers.*.preset.scope_lists":               {"Also accepts scopes as an array.", "false", true},
	"issuers.*.preset.roles":                     {"The claims that hold roles as an array. A star in a path is each member of an object; its name and a slash go before the role.", "tokens have no roles", []string{"/realm_access/roles"}},
	"issuers.*.preset.roles.claim":               {"The claim, or the path to it.", "", "/groups/granted"},
	"issuers.*.preset.roles.as":                  {"names: the roles are the names of an object's members. objects: a role may be an object that holds it as value.", "an array of strings", "names"},
	"issuers.*.preset.role_scope":                {"A scope that clients request, so that their tokens have roles.", "none is needed", "groups"},
	"issuers.*.preset.services":                  {"What tells the token of a service that calls as itself from a user's: all parts of one item hold. all: services alone get tokens. none: users alone do.", "tokens do not tell, so that no rule can have callers", []map[string]any{{"absent": []string{"sub"}}}},
	"issuers.*.preset.services.equal":            {"Claims that have this very text. {client} is the client's id, {client_lower} that in lower case, and {client_dex} the subject that Dex makes of it.", "none", map[string]any{"sub": "{client}"}},
	"issuers.*.preset.services.present":          {"Claims that the token has.", "none", []string{"client_id"}},
	"issuers.*.preset.services.absent":           {"Claims that the token lacks.", "none", []string{"sid", "auth_time"}},
	"issuers.*.preset.services.not":              {"Claims that do not have this text.", "none", map[string]any{"idtyp": "user"}},
	"issuers.*.preset.services_uncertain":        {"Says that services may be wrong, so that no rule can have callers.", "false", true},
	"issuers.*.preset.client_account":            {"What marks the subject of an exchanged token as a client.", "a subject is a client if a client of the matrix has it as its id", map[string]any{"claim": "preferred_username", "value": "service-account-{client_lower}"}},
	"issuers.*.preset.client_account.claim":      {"The claim with the name of the account.", "", "preferred_username"},
	"issuers.*.preset.client_account.value":      {"Its text, with {client} in it.", "", "service-account-{client_lower}"},
	"issuers.*.preset.audiences":                 {"For which audiences a client gets tokens. any: for every one, so that rules must say who may call. granted: for those that it was granted. none: as granted, and tokens may lack aud.", "any", "granted"},
	"issuers.*.preset.max_lifetime":              {"The longest lifetime of a token, unless the issuer has max_lifetime.", "24h", "28h"},
	"issuers.*.preset.ask":                       {"How a client requests an audience.", "audience", "resource"},
	"issuers.*.preset.ask.scope":                 {"A scope with {audience} in its place.", "", "{audience}/.default"},
	"issuers.*.preset.exchange":                  {"How it does in a token exchange.", "as ask", "audience"},
	"issuers.*.preset.exchange.scope":            {"A scope with {audience} in its place.", "", "{audience}/.default"},
	"issuers.*.preset.exchange_audience":         {"Adds the parameter audience to ask in a token exchange.", "false", true},
	"issuers.*.preset.on_behalf_of":              {"Exchanges tokens by the grant of RFC 7523 with requested_token_use=on_behalf_of.", "false", true},

	"services.*.issuer":               {"The issuer whose tokens it accepts.", "the only issuer of the matrix", "corp"},
	"services.*.issuers":              {"The issuers whose tokens it accepts, instead of issuer.", "the only issuer of the matrix", []string{"corp", "partner"}},
	"services.*.audience":             {"The value that names the service in aud, or a list of such values.", "the name of the service", "order-status"},
	"services.*.sole_audience":        {"Refuses tokens that have another service in aud too.", "false", true},
	"services.*.insecure_no_audience": {"Accepts tokens without aud from an issuer that writes none (preset cognito), if a scope begins with the prefix of the service, or the token has one of its roles.", "aud is required", map[string]any{"scope_prefix": "orders/"}},
	"services.*.authorities":          {"The hosts that its tokens may be sent to, with or without a port.", "the host that a client dials", []string{"orders.example.com"}},
	"services.*.grpc":                 {"The full names of the gRPC services that it consists of.", "http must be there", []string{"acme.orders.v1.OrderStatus"}},
	"services.*.http":                 {"Which HTTP requests call the service. {} means those of the google.api.http options of its .proto files.", "none", map[string]any{"operations": map[string]any{"GetOrderStatus": "GET /v1/orders/{id}"}}},
	"services.*.self":                 {"Accepts a token without aud from the client that has the name of the service.", "false", true},
	"services.*.rollout":              {"Calls for which the rules are not enforced yet.", "the rules are enforced", nil},
	"services.*.allow":                {"The rules. A call is admitted if all demands of one rule hold.", "nobody may call", nil},
	"services.*.runs_as":              {"The client, or a list of clients, as which the service itself calls others; none if it calls nobody.", "the client that has the name of the service, or whose id is that name or its audience", "order-status"},
	"services.*.closed":               {"Methods that nobody may call, even if a rule has methods: [\"*\"].", "none", []string{"DeleteOrder"}},

	"services.*.insecure_no_audience.scope_prefix": {"The identifier of the resource server and a slash.", "no scope stands for aud", "orders/"},
	"services.*.insecure_no_audience.roles":        {"Roles that stand for the service, and for no other one.", "no role stands for aud", []string{"order-clerks"}},

	"services.*.http.operations":    {"The patterns of each operation, in the syntax of Go's http.ServeMux and with a method. An operation with the name of a gRPC method has its rule.", "those of the .proto options", map[string]any{"GetOrderStatus": "GET /v1/orders/{id}"}},
	"services.*.http.resource":      {"What identifies the service to clients that read its metadata (RFC 9728): an https URL, which is also an audience.", "no metadata is published", "https://orders.example.com"},
	"services.*.http.documentation": {"A page for developers of clients, for the metadata.", "none", "https://docs.example.com/orders"},

	"services.*.rollout.mode":    {"What happens to a call that the rules refuse: it goes through without a caller, and is reported in log and metrics; warn also tells the caller.", "", "observe"},
	"services.*.rollout.until":   {"The last day, in UTC, or the time at which it ends, at most 90 days ahead. The rules are enforced from then on.", "", "2027-01-31"},
	"services.*.rollout.methods": {"The methods that it applies to.", "all", []string{"GetOrderStatus"}},
	"services.*.rollout.clients": {"The clients that it applies to.", "every call", []string{"customer-portal"}},

	"services.*.allow.clients":        {"The clients that may call, or any.", "", []string{"customer-portal"}},
	"services.*.allow.methods":        {"The methods and operations that they may call, by short names; [\"*\"] for all.", "", []string{"GetOrderStatus"}},
	"services.*.allow.scopes":         {"The scopes that the token must have, or none.", "any_scopes must be there", []string{"orders.read"}},
	"services.*.allow.any_scopes":     {"Scopes of which the token must have one.", "none of them is demanded", []string{"orders.read", "orders.audit"}},
	"services.*.allow.roles":          {"Roles of which the token must have one.", "none is demanded", []string{"clerk"}},
	"services.*.allow.claims":         {"Further claims that the token must have, each with its accepted values.", "none", map[string]any{"department": []string{"hr"}}},
	"services.*.allow.acr":            {"The accepted kinds of login (acr).", "any", []string{"gold"}},
	"services.*.allow.max_auth_age":   {"The longest time since the user logged in.", "no limit", "10m"},
	"services.*.allow.online":         {"The issuer is asked about the token of each call that everything else admits, also about a JWT, and must call it active (RFC 7662). The issuer needs introspection.", "false", true},
	"services.*.allow.online_max_age": {"How old an answer of the issuer may be when a call arrives, at most 1m.", "0: the issuer is asked after the call arrived", "5s"},
	"services.*.allow.callers":        {"Whether users or services may call.", "both", "users"},
	"services.*.allow.optional":       {"Also admits calls without a token.", "false", true},

	"clients.*.issuer":          {"The issuer at which it is registered.", "the only issuer of the matrix", "corp"},
	"clients.*.id":              {"Its client id at the issuer, as tokens have it.", "the name of the client", "0oa1b2c3"},
	"clients.*.secret":          {"Where its client secret is kept, never the secret.", "it has none", map[string]any{"file": "portal.secret"}},
	"clients.*.auth_style":      {"How its secret is sent: in the Authorization header (basic) or in the form (post).", "as the issuer has it", "post"},
	"clients.*.private_key_jwt": {"The key that it signs assertions with (RFC 7523).", "it has none", map[string]any{"file": "portal.pem"}},
	"clients.*.assertion":       {"A file with an assertion that another process refreshes.", "it has none", map[string]any{"file": "/var/run/secrets/token"}},
	"clients.*.mtls":            {"The certificate by which it authenticates over mutual TLS (RFC 8705).", "it has none", map[string]any{"cert": "tls.crt", "key": "tls.key"}},
	"clients.*.token_files":     {"Files with its tokens, which another process refreshes, by the names of the services.", "tokens come from the issuer", map[string]any{"order-status": "/var/run/orders.token"}},

	"clients.*.secret.file":               {"The path of the file with the secret.", "none: env names a variable", "portal.secret"},
	"clients.*.secret.env":                {"The environment variable with the secret.", "none: file names a file", "PORTAL_SECRET"},
	"clients.*.private_key_jwt.file":      {"The path of the file with the key, in PEM or as a JWK.", "none: env names a variable", "portal.pem"},
	"clients.*.private_key_jwt.env":       {"The environment variable with the key, in PEM or as a JWK.", "none: file names a file", "PORTAL_KEY"},
	"clients.*.private_key_jwt.kid":       {"The id of the key at the issuer.", "that of the JWK, or none", "k1"},
	"clients.*.private_key_jwt.algorithm": {"The signature algorithm.", "the usual one for the kind of key", "ES256"},
	"clients.*.assertion.file":            {"The path of the file with the assertion.", "", "/var/run/secrets/token"},
	"clients.*.mtls.cert":                 {"The path of the certificate, in PEM.", "", "tls.crt"},
	"clients.*.mtls.key":                  {"The path of its key, in PEM.", "", "tls.key"},

	"external.*.issuer":      {"The issuer of the tokens that it accepts.", "the issuer of each client", "corp"},
	"external.*.audience":    {"The value that names it in aud.", "its name", "https://tracking.example.net"},
	"external.*.authorities": {"The hosts that its tokens may be sent to.", "the host that a client dials", []string{"tracking.example.net"}},
	"external.*.grpc":        {"The full names of the gRPC services that it consists of.", "all that are called", []string{"carrier.v1.Tracking"}},
	"external.*.clients":     {"The clients that call it.", "", []string{"order-status"}},
	"external.*.scopes":      {"The scopes that they request.", "what the issuer grants", []string{"parcels.read"}},

	"services.*.why":             {"Why the service is here, for people: at most 500 characters, line breaks count as spaces.", "it is not said", "Clerks look up the orders of the customers who call them."},
	"services.*.owner":           {"Who answers for the service, such as a team: at most 100 characters.", "nobody is named", "team-orders"},
	"services.*.review_by":       {"The day, in UTC, by whose end somebody must have asked whether the service is still needed. Afterwards check warns; calls are admitted as before.", "no review is due", "2027-06-30"},
	"services.*.allow.why":       {"Why these clients may call, for people: at most 500 characters, line breaks count as spaces.", "it is not said", "Clerks look up the orders of the customers who call them."},
	"services.*.allow.owner":     {"Who answers for the rule, such as a team: at most 100 characters.", "the owner of the service", "team-orders"},
	"services.*.allow.review_by": {"The day, in UTC, by whose end somebody must have asked whether the rule is still needed. Afterwards check warns; calls are admitted as before.", "no review is due", "2027-06-30"},
	"clients.*.why":              {"Why the client is here, for people: at most 500 characters, line breaks count as spaces.", "it is not said", "Clerks look up the orders of the customers who call them."},
	"clients.*.owner":            {"Who answers for the client, such as a team: at most 100 characters.", "nobody is named", "team-orders"},
	"clients.*.review_by":        {"The day, in UTC, by whose end somebody must have asked whether the client is still needed. Afterwards check warns; calls are admitted as before.", "no review is due", "2027-06-30"},
	"external.*.why":             {"Why the API is called, for people: at most 500 characters, line breaks count as spaces.", "it is not said", "Clerks look up the orders of the customers who call them."},
	"external.*.owner":           {"Who answers for the API, such as a team: at most 100 characters.", "nobody is named", "team-orders"},
	"external.*.review_by":       {"The day, in UTC, by whose end somebody must have asked whether the API is still needed. Afterwards check warns; calls are admitted as before.", "no review is due", "2027-06-30"},
}

// explain adds the descriptions to the schema of the value at path.
func explain(s schema, path string) {
	several, _ := s["anyOf"].([]schema)
	for _, one := range several {
		explain(one, path)
	}
	if items, ok := s["items"].(schema); ok {
		explain(items, path)
	}
	if named, ok := s["additionalProperties"].(schema); ok {
		explain(named, path+".*")
	}
	properties, _ := s["properties"].(schema)
	for name, property := range properties {
		property, path := property.(schema), strings.TrimPrefix(path+"."+name, ".")
		if d, ok := descriptions[path]; ok {
			property["description"] = d.text()
			if d.example != nil {
				property["examples"] = []any{d.example}
			}
		}
		explain(property, path)
	}
}
