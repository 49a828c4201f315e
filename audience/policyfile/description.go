package policyfile

import "strings"

// description explains one key to whoever edits a file.
type description struct {
	what      string // one sentence
	byDefault string // what counts without the key; empty if the key is required
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

	"issuers.*.url":           {"The iss claim of its tokens, compared exactly: a trailing slash matters.", "", "https://idp.example.com/realms/corp"},
	"issuers.*.discovery":     {"The address of its metadata document.", "url and /.well-known/openid-configuration", "https://idp.internal:8443/realms/corp/.well-known/openid-configuration"},
	"issuers.*.jwks":          {"The address of its signing keys.", "the jwks_uri of its metadata", "https://idp.example.com/realms/corp/protocol/openid-connect/certs"},
	"issuers.*.keys_file":     {"A file with its signing keys as a JWK set, for services that cannot reach the issuer. It is read again when it changes.", "the keys are fetched", "corp.jwks"},
	"issuers.*.preset":        {"The kind of authorization server: which claims hold the client, the type and the scopes, and how an audience is requested.", "rfc9068", "keycloak"},
	"issuers.*.algorithms":    {"The algorithms that its tokens may be signed with.", "every asymmetric one", []string{"RS256"}},
	"issuers.*.leeway":        {"How far its clock and that of the service may differ, at most 5m.", "30s", "10s"},
	"issuers.*.max_lifetime":  {"The longest lifetime of a token, from iat to exp.", "24h", "1h"},
	"issuers.*.max_age":       {"The longest time since the iat of a token.", "no limit but exp", "10m"},
	"issuers.*.bound":         {"Refuses tokens that are not bound to the certificate of the client (RFC 8705).", "tokens may be unbound", "required"},
	"issuers.*.introspection": {"Asks the issuer about each opaque token (RFC 7662).", "the tokens are JWTs", map[string]any{"client": "order-status", "secret": map[string]any{"env": "INTROSPECTION_SECRET"}}},
	"issuers.*.token_url":     {"The address of its token endpoint.", "the token_endpoint of its metadata", "https://idp.example.com/realms/corp/protocol/openid-connect/token"},
	"issuers.*.ask":           {"How clients request an audience: a parameter, a scope, or a token endpoint for each service.", "as the preset says", "resource"},
	"issuers.*.parameters":    {"Parameters that clients send in addition with each token request.", "none", map[string]any{"organization": "acme"}},
	"issuers.*.insecure":      {"Accepts plain http on a loopback address.", "https only", "loopback"},

	"issuers.*.auth_style":         {"How client secrets are sent to it: in the Authorization header (basic) or in the form (post).", "basic, unless its metadata lists client_secret_post alone", "post"},
	"issuers.*.assertion_audience": {"The audience of the assertions by which clients authenticate (private_key_jwt): issuer, token_endpoint, or the address that the issuer has for its token endpoint.", "as the preset says: token_endpoint at hydra, okta and entra, else issuer", "token_endpoint"},
	"issuers.*.token_type":         {"A token_type in its answers that stands for Bearer, compared exactly.", "Bearer alone", "BearerToken"},

	"issuers.*.introspection.mtls":        {"The certificate by which the service authenticates over mutual TLS (RFC 8705), instead of secret.", "none", map[string]any{"cert": "tls.crt", "key": "tls.key"}},
	"issuers.*.introspection.mtls.cert":   {"The path of the certificate, in PEM.", "", "tls.crt"},
	"issuers.*.introspection.mtls.key":    {"The path of its key, in PEM.", "", "tls.key"},
	"issuers.*.introspection.insecure":    {"Asks without authentication, at an endpoint for administrators that has none. It needs url, and excludes client, secret and mtls.", "the service authenticates", "no_authentication"},
	"issuers.*.introspection.url":         {"The introspection endpoint.", "the introspection_endpoint of its metadata", "https://idp.example.com/introspect"},
	"issuers.*.introspection.client":      {"The client id by which the service authenticates to the issuer.", "none: only with insecure", "order-status"},
	"issuers.*.introspection.secret":      {"Where the client secret is kept.", "none: mtls has a certificate", map[string]any{"env": "INTROSPECTION_SECRET"}},
	"issuers.*.introspection.secret.file": {"The path of the file with the secret.", "none: env names a variable", "introspection.secret"},
	"issuers.*.introspection.secret.env":  {"The environment variable with the secret.", "none: file names a file", "INTROSPECTION_SECRET"},
	"issuers.*.ask.scope":                 {"A scope that requests an audience, with {audience} in its place.", "none", "{audience}/.default"},
	"issuers.*.ask.token_urls":            {"A token endpoint for each service, by the name of the service.", "none", map[string]any{"order-status": "https://idp.example.com/orders/token"}},

	"services.*.issuer":               {"The issuer whose tokens it accepts.", "the only issuer of the matrix", "corp"},
	"services.*.issuers":              {"The issuers whose tokens it accepts, instead of issuer.", "the only issuer of the matrix", []string{"corp", "partner"}},
	"services.*.audience":             {"The value that names the service in aud, or a list of such values.", "the name of the service", "order-status"},
	"services.*.sole_audience":        {"Refuses tokens that have another service in aud too.", "false", true},
	"services.*.insecure_no_audience": {"Accepts tokens without aud from an issuer that writes none (preset cognito), if a scope begins with the prefix of the service.", "aud is required", map[string]any{"scope_prefix": "orders/"}},
	"services.*.authorities":          {"The hosts that its tokens may be sent to, with or without a port.", "the host that a client dials", []string{"orders.example.com"}},
	"services.*.grpc":                 {"The full names of the gRPC services that it consists of.", "", []string{"acme.orders.v1.OrderStatus"}},
	"services.*.self":                 {"Accepts a token without aud from the client that has the name of the service.", "false", true},
	"services.*.rollout":              {"Calls for which the rules are not enforced yet.", "the rules are enforced", nil},
	"services.*.allow":                {"The rules. A call is admitted if all demands of one rule hold.", "nobody may call", nil},
	"services.*.closed":               {"Methods that nobody may call, even if a rule has methods: [\"*\"].", "none", []string{"DeleteOrder"}},

	"services.*.insecure_no_audience.scope_prefix": {"The identifier of the resource server and a slash.", "", "orders/"},

	"services.*.rollout.mode":    {"What happens to a call that the rules refuse: it goes through without a caller, and is reported in log and metrics; warn also tells the caller.", "", "observe"},
	"services.*.rollout.until":   {"The last day, in UTC, or the time at which it ends, at most 90 days ahead. The rules are enforced from then on.", "", "2027-01-31"},
	"services.*.rollout.methods": {"The methods that it applies to.", "all", []string{"GetOrderStatus"}},
	"services.*.rollout.clients": {"The clients that it applies to.", "every call", []string{"customer-portal"}},

	"services.*.allow.clients":      {"The clients that may call, or any.", "", []string{"customer-portal"}},
	"services.*.allow.methods":      {"The methods that they may call, by short names; [\"*\"] for all.", "", []string{"GetOrderStatus"}},
	"services.*.allow.scopes":       {"The scopes that the token must have, or none.", "any_scopes must be there", []string{"orders.read"}},
	"services.*.allow.any_scopes":   {"Scopes of which the token must have one.", "none of them is demanded", []string{"orders.read", "orders.audit"}},
	"services.*.allow.roles":        {"Roles of which the token must have one.", "none is demanded", []string{"clerk"}},
	"services.*.allow.claims":       {"Further claims that the token must have, each with its accepted values.", "none", map[string]any{"department": []string{"hr"}}},
	"services.*.allow.acr":          {"The accepted kinds of login (acr).", "any", []string{"gold"}},
	"services.*.allow.max_auth_age": {"The longest time since the user logged in.", "no limit", "10m"},
	"services.*.allow.callers":      {"Whether users or services may call.", "both", "users"},
	"services.*.allow.optional":     {"Also admits calls without a token.", "false", true},

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
}

// explain adds the descriptions to the schema of what stands at path.
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
