// Package policyfile reads the access matrix on disk, a YAML file, into an
// [access.Policy].
//
//	version: 1
//	issuers:
//	  corp:
//	    url: https://idp.example.com/realms/corp
//	    preset: keycloak              # default: rfc9068
//	services:
//	  order-status:
//	    issuer: corp                  # or issuers: […]; default: the only one
//	    audience: order-status        # or a list; default: the service's name
//	    grpc: [acme.orders.v1.OrderStatus]
//	    allow:                        # alternatives; each holds in full or not at all
//	      - clients: [backoffice-portal]  # or any
//	        methods: [GetOrderStatus]     # or ["*"]
//	        scopes: [orders.read]         # or none
//	clients:
//	  backoffice-portal:              # {} is enough
//	    issuer: corp                  # default: the only one
//	    id: backoffice                # default: the client's name
//	    secret: {file: backoffice.secret}  # or {env: BACKOFFICE_SECRET}, or see below
//	public: [grpc.health.v1.Health]
//
// An issuer may also say
//
//	tenants: [t1, t2]             # issuers of their own; url has {tenant} in it
//	trust_domain: example.org     # preset spiffe: of the sub of tokens without iss
//	preset: {types: [at+jwt], client: client_id, …}  # instead of a name; see docs/presets.md
//	discovery: https://…          # default: url + /.well-known/openid-configuration
//	hosts: [keys.example.com]     # that the metadata may name; default: those of the preset
//	jwks: https://…               # default: what the metadata says
//	keys_file: corp.jwks          # a file instead
//	ca_file: corp-ca.pem          # trusted for its addresses; default: the system's
//	algorithms: [RS256]           # default: every asymmetric one
//	leeway: 10s                   # default: 30s
//	max_lifetime: 1h              # default: 24h, or what the preset says
//	max_age: 10m                  # default: until exp
//	bound: required               # tokens must be bound to a certificate
//	introspection: {client: order-status, secret: {env: SECRET}}  # ask about opaque tokens; url: where;
//	                              # instead of secret: mtls: {cert: …, key: …}; or neither, and
//	                              # insecure: no_authentication and url; online_only: true: ask
//	                              # only for entries with online
//	token_url: https://…          # default: what the metadata says
//	ask: resource                 # how an audience is asked for; default: as the preset says
//	                              # also audience, nothing, {scope: "{audience}/.default"},
//	                              # {token_urls: {order-status: https://…}}
//	parameters: {organization: acme}  # which clients send besides
//	auth_style: post              # secrets in the form; default: basic
//	assertion_audience: token_endpoint  # or issuer, or a URL; default: as the preset says
//	token_type: BearerToken       # accepted beside Bearer
//	insecure: loopback            # accept plain http there, or on hosts: {host: keycloak}
//
// a client auth_style, if its secret is sent otherwise than those of others, and instead
// of secret one of
//
//	private_key_jwt: {file: key.pem, kid: k1, algorithm: ES256}  # or env; kid and algorithm may be left out
//	assertion: {file: /var/run/token}  # which something else keeps fresh
//	mtls: {cert: tls.crt, key: tls.key}
//	token_files: {order-status: /var/run/orders.token}  # tokens that something else keeps fresh
//
// a service
//
//	authorities: [orders.example.com]  # where its tokens may be sent; default: the host that is dialled
//	self: true                    # it is its own audience
//	sole_audience: true           # and nobody else may be in aud
//	insecure_no_audience: {scope_prefix: orders/}  # for an issuer that sends no aud
//	rollout:                      # who is not held to the rules yet
//	  - mode: observe             # or warn
//	    until: 2027-01-31         # the end of that day, UTC, or a time
//	    methods: [GetOrderStatus] # default: all
//	    clients: [customer-portal]  # default: everybody
//	closed: [UpdateOrderStatus]   # nobody may call these, whatever "*" says
//	runs_as: order-status         # the client that it calls others as, a list, or none;
//	                              # default: the client of its name, or with its name or audience as id
//	http:                         # which HTTP requests call it; {} for those of its .proto options
//	  operations: {GetOrderStatus: "GET /v1/orders/{id}"}  # or a list of patterns
//	  resource: https://orders.example.com  # publishes metadata (RFC 9728); default: none
//	  documentation: https://docs.example.com/orders  # for that metadata
//
// It needs grpc or http. Operations have the names of gRPC methods, whose rules are then
// theirs, or names of their own; methods, closed and public (order-status/Version) name both
//
// and a rule
//
//	any_scopes: [orders.read, orders.audit]  # one of them; beside scopes or instead
//	roles: [clerk]            # one of them
//	claims: {department: [hr]}  # each of them, with one of its values
//	acr: [gold]               # one of them
//	max_auth_age: 10m         # since the user logged in
//	online: true              # the issuer, asked at each call, says that the token is active
//	online_max_age: 5s        # how old its answer may be; default: 0
//	callers: users            # or services; default: both
//	optional: true            # calls without a token too
//
// A rule, a service, a client and an API may say why it is there, for people; this changes
// no verdict
//
//	why: Customers follow their orders.
//	owner: team-orders
//	review_by: 2027-06-30     # the last day
//
// APIs that the matrix does not guard, but that its clients call, have a section of
// their own:
//
//	external:
//	  tracking:
//	    audience: https://tracking.example.net  # default: the name
//	    authorities: [tracking.example.net]
//	    grpc: [carrier.v1.Tracking]  # default: whichever is called
//	    clients: [order-status]
//	    scopes: [parcels.read]    # default: what the issuer gives
//
// Statements that must hold of all ways by which clients reach a service, through services
// that call on too, stand under
//
//	never:
//	  - from: customer-portal     # or a list, or any
//	    to: human-resource
//	    except: [GetEmployee]     # or methods: […]; default: all methods
//	    through: order-status     # default: all ways
//	    without_user: true        # default: with the user too
//
// A large company has one file for each team, and a first file that begins with
//
//	version: 1
//	includes: [teams/*.yaml]
//
// A pattern has the syntax of [path.Match]. It is relative to the folder of the file,
// and matches only files below that folder. The files are read in the order of their
// names, each file once; hidden files are not read. At least one file must match. An
// included file has the same form and its own version. All files make one matrix, in
// which every name must be unique. An included file defines only what belongs to its
// team: it has no includes and no issuers, it shares no gRPC service, audience or
// credential with another file, it can make public only the methods of its own
// services, and state under never what does not reach those. docs/files.md has a table of what an included file may say at each key.
// Anything else is an error.
//
// [Watch] follows the files and applies each change. With [SwapAll], one Watch serves
// a server and a client in the same process. [Schema] is for editors. Package
// protopolicy reads rules from .proto files.
//
// Durations have the syntax of Go, and a relative path starts from the folder of the
// file that contains it. A file has at most 8 MiB and a million keys and items. It
// must be a regular file: a pipe or a device in its place is an error, and the reader
// does not wait for it.
//
// Everything in the file that is not understood is an error: an unknown or
// repeated key, a value of another kind, an empty list. Aliases, anchors, merge
// keys and tags are errors too, so the file means exactly what a reader sees. The
// file never contains a secret, and a message never repeats one.
package policyfile
