package policyfile

import (
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// right says what an included file may write at some keys. The first file may
// write everything.
type right struct {
	keys []string // paths, with * for a name that the file chooses
	no   bool     // whether only the first file may have these keys
	text string   // in the words of docs/files.md
}

// rights has every key of the format. Each file may define only what belongs to its
// team: no file can make the services of another file admit more, or send a secret to
// an issuer that the first file does not have. If no is false, limits.go and paths.go
// check that the included files do what the text says.
var rights = []right{
	{keys: []string{"version"}, text: "its own"},
	{no: true, keys: []string{"includes"}, text: "one file says which others there are"},
	{
		no: true, text: "whose tokens count, and who is shown secrets, concerns every service",
		keys: []string{
			"issuers", "issuers.*.url", "issuers.*.tenants", "issuers.*.trust_domain", "issuers.*.discovery", "issuers.*.hosts", "issuers.*.jwks", "issuers.*.keys_file",
			"issuers.*.algorithms", "issuers.*.leeway", "issuers.*.max_lifetime", "issuers.*.max_age", "issuers.*.bound",
			"issuers.*.introspection", "issuers.*.introspection.url", "issuers.*.introspection.client",
			"issuers.*.introspection.secret", "issuers.*.introspection.secret.file", "issuers.*.introspection.secret.env",
			"issuers.*.token_url", "issuers.*.ask", "issuers.*.ask.scope", "issuers.*.ask.token_urls", "issuers.*.parameters",
			"issuers.*.insecure", "issuers.*.insecure.host", "issuers.*.ca_file",
		},
	},
	{
		no: true, text: "how tokens are read concerns every service",
		keys: []string{
			"issuers.*.preset", "issuers.*.preset.types", "issuers.*.preset.client", "issuers.*.preset.client_optional", "issuers.*.preset.sole_audience_is_client",
			"issuers.*.preset.not_client", "issuers.*.preset.caller_claims", "issuers.*.preset.caller_claims.claim", "issuers.*.preset.caller_claims.verified_by",
			"issuers.*.preset.subject", "issuers.*.preset.subject_prefix", "issuers.*.preset.subject_optional", "issuers.*.preset.required",
			"issuers.*.preset.values", "issuers.*.preset.forbidden", "issuers.*.preset.issuer_aliases", "issuers.*.preset.scopes", "issuers.*.preset.scope_lists",
			"issuers.*.preset.roles", "issuers.*.preset.roles.claim", "issuers.*.preset.roles.as", "issuers.*.preset.role_scope",
			"issuers.*.preset.services", "issuers.*.preset.services.equal", "issuers.*.preset.services.present", "issuers.*.preset.services.absent",
			"issuers.*.preset.services.not", "issuers.*.preset.services_uncertain",
			"issuers.*.preset.client_account", "issuers.*.preset.client_account.claim", "issuers.*.preset.client_account.value",
			"issuers.*.preset.audiences", "issuers.*.preset.max_lifetime", "issuers.*.preset.ask", "issuers.*.preset.ask.scope",
			"issuers.*.preset.exchange", "issuers.*.preset.exchange.scope", "issuers.*.preset.exchange_audience", "issuers.*.preset.on_behalf_of",
		},
	},
	{
		no: true, text: "how secrets reach an issuer, and what it answers, concerns every client and service",
		keys: []string{
			"issuers.*.auth_style", "issuers.*.assertion_audience", "issuers.*.token_type",
			"issuers.*.introspection.mtls", "issuers.*.introspection.mtls.cert", "issuers.*.introspection.mtls.key",
			"issuers.*.introspection.insecure", "issuers.*.introspection.online_only",
		},
	},
	{keys: []string{"services"}, text: "services of names that no other file has, as services or under `external`; a gRPC service of the `.proto` options gives none its name"},
	{keys: []string{"services.*.issuer", "services.*.issuers"}, text: "issuers of the first file"},
	{keys: []string{"services.*.audience"}, text: "values that nothing in another file has at the same issuer: no `audience`, no name that stands for one, no API under `external`, no service of the `.proto` options, no issuer as its address"},
	{keys: []string{"services.*.insecure_no_audience", "services.*.insecure_no_audience.scope_prefix"}, text: "a prefix that neither begins one in another file nor is begun by it"},
	{keys: []string{"services.*.insecure_no_audience.roles"}, text: "roles that stand for no other service"},
	{keys: []string{"services.*.grpc"}, text: "gRPC services that no service or API in another file has; none of the package `grpc`, such as health and reflection, which every server may have"},
	{keys: []string{"services.*.http", "services.*.http.operations"}, text: "patterns that match no request which an operation of a service in another file matches: write the host before each path, as in `GET orders.example.com/v1/orders/{id}`"},
	{keys: []string{"services.*.http.resource"}, text: "an address that is no audience and no resource in another file"},
	{keys: []string{"services.*.runs_as"}, text: "clients; those with the name or an audience of the service that another file admits must be among them"},
	{keys: []string{"services.*.self"}, text: "if the client of that name stands in this file or in the first"},
	{keys: []string{"services.*.allow.scopes", "services.*.allow.any_scopes"}, text: "scopes by which nobody gets a token for a service in another file: none is, or contains as a part, an audience or a scope prefix there"},
	{
		text: "whatever it likes: they are about its own services",
		keys: []string{
			"services.*.sole_audience", "services.*.authorities", "services.*.closed", "services.*.http.documentation",
			"services.*.rollout", "services.*.rollout.mode", "services.*.rollout.until", "services.*.rollout.methods", "services.*.rollout.clients",
			"services.*.allow", "services.*.allow.clients", "services.*.allow.methods", "services.*.allow.roles", "services.*.allow.claims",
			"services.*.allow.acr", "services.*.allow.max_auth_age", "services.*.allow.callers", "services.*.allow.optional",
			"services.*.allow.online", "services.*.allow.online_max_age",
		},
	},
	{keys: []string{"clients"}, text: "clients of names that no other file has"},
	{keys: []string{"clients.*.issuer", "clients.*.id"}, text: "an issuer of the first file, and an id that no other client has there"},
	{
		text: "files that lie in the folder of this file or below, in no folder of another included file, also where links lead; no file that another file names",
		keys: []string{
			"clients.*.secret", "clients.*.secret.file", "clients.*.private_key_jwt", "clients.*.private_key_jwt.file",
			"clients.*.assertion", "clients.*.assertion.file", "clients.*.mtls", "clients.*.mtls.cert", "clients.*.mtls.key",
			"clients.*.token_files",
		},
	},
	{no: true, keys: []string{"clients.*.secret.env", "clients.*.private_key_jwt.env"}, text: "the environment belongs to the whole process, and a name does not tell whose a variable is"},
	{keys: []string{"clients.*.auth_style", "clients.*.private_key_jwt.kid", "clients.*.private_key_jwt.algorithm"}, text: "whatever it likes"},
	{keys: []string{"external"}, text: "APIs of names that no other file has, as APIs or services"},
	{keys: []string{"external.*.issuer"}, text: "an issuer of the first file"},
	{keys: []string{"external.*.clients"}, text: "clients of this file or of the first"},
	{keys: []string{"external.*.audience", "external.*.grpc"}, text: "what no service in another file has, and no address of an issuer"},
	{keys: []string{"external.*.scopes"}, text: "as those of services"},
	{keys: []string{"external.*.authorities"}, text: "whatever it likes"},
	{
		text: "whatever it likes: the texts are about its own services, clients and APIs, and change no verdict",
		keys: []string{
			"services.*.why", "services.*.owner", "services.*.review_by",
			"services.*.allow.why", "services.*.allow.owner", "services.*.allow.review_by",
			"clients.*.why", "clients.*.owner", "clients.*.review_by",
			"external.*.why", "external.*.owner", "external.*.review_by",
		},
	},
	{keys: []string{"public"}, text: "methods of gRPC services that its own services have, and operations of its own services"},
	{keys: []string{"never", "never.to"}, text: "statements about its own services and APIs; those of other files stay"},
	{keys: []string{"never.from", "never.methods", "never.except", "never.through", "never.without_user"}, text: "whatever it likes: no statement lets more through"},
}

// keysOf returns the right of each key by its path, and the paths that have keys or
// names below them.
var keysOf = sync.OnceValues(func() (known map[string]right, below map[string]bool) {
	known, below = map[string]right{}, map[string]bool{}
	for _, right := range rights {
		for _, key := range right.keys {
			known[key] = right
			for i, c := range key {
				if c == '.' {
					below[key[:i]] = true
				}
			}
		}
	}
	below[""] = true
	return known, below
})

// reportReserved reports the keys of an included file that only the first file may
// have. A key without a right is one of them.
func (r *reader) reportReserved(n *yaml.Node, path string) {
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			r.reportReserved(item, path)
		}
		return
	}
	known, below := keysOf()
	if n.Kind != yaml.MappingNode || !below[path] {
		return
	}
	for pair := range slices.Chunk(n.Content, 2) {
		key := strings.TrimPrefix(path+"."+pair[0].Value, ".")
		if below[path+".*"] {
			key = path + ".*"
		} else if right, ok := known[key]; !ok || right.no {
			r.refuseKey(pair[0], right)
			continue
		}
		r.reportReserved(pair[1], key)
	}
}

// refuseKey reports that only the first file may have a key, unless there is a finding
// at the key already.
func (r *reader) refuseKey(key *yaml.Node, right right) {
	switch {
	case slices.ContainsFunc(r.findings, func(e *Error) bool { return e.Line == key.Line && e.Column == key.Column }):
	case right.text == "":
		r.finding(key, "only %s may have the key %.64q", r.first, key.Value)
	default:
		r.finding(key, "only %s may have the key %.64q: %s", r.first, key.Value, right.text)
	}
}
