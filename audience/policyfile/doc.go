// Package policyfile answers: what does the access matrix on disk say? It reads
// a YAML file into an [audience.Policy].
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
//	    secret: {file: backoffice.secret}  # or {env: BACKOFFICE_SECRET}
//	public: [grpc.health.v1.Health]
//
// An issuer may also say
//
//	discovery: https://…          # default: url + /.well-known/openid-configuration
//	jwks: https://…               # default: what the metadata says
//	keys_file: corp.jwks          # a file instead of both
//	algorithms: [RS256]           # default: every asymmetric one
//	leeway: 10s                   # default: 30s
//	max_lifetime: 1h              # default: 24h
//	max_age: 10m                  # default: until exp
//	bound: required               # tokens must be bound to a certificate
//	introspection: {client: order-status, secret: {env: SECRET}}  # ask about opaque tokens; url: where
//	insecure: loopback            # accept plain http there
//
// a service
//
//	self: true                    # it is its own audience
//	sole_audience: true           # and nobody else may be in aud
//	insecure_no_audience: {scope_prefix: orders/}  # for an issuer that sends no aud
//	rollout:                      # who is not held to the rules yet
//	  - mode: observe             # or warn
//	    until: 2027-01-31         # the end of that day, UTC, or a time
//	    methods: [GetOrderStatus] # default: all
//	    clients: [customer-portal]  # default: everybody
//
// and a rule
//
//	any_scopes: [orders.read, orders.audit]  # one of them; beside scopes or instead
//	roles: [clerk]            # one of them
//	claims: {department: [hr]}  # each of them, with one of its values
//	acr: [gold]               # one of them
//	max_auth_age: 10m         # since the user logged in
//	callers: users            # or services; default: both
//	optional: true            # calls without a token too
//
// Durations are those of Go; paths start from the folder of the file.
//
// Whatever the file says that is not understood is an error: an unknown or
// repeated key, a value of another kind, an empty list. Aliases, anchors, merge
// keys and tags are not understood either, so a file means what it shows. A
// secret never stands in the file, and a message never repeats one.
package policyfile
