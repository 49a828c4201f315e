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
// An issuer may also have discovery and jwks, which are addresses, and
// insecure: loopback, which accepts plain http there. A service that is its own
// audience says self: true.
//
// Whatever the file says that is not understood is an error: an unknown or
// repeated key, a value of another kind, an empty list. Aliases, anchors, merge
// keys and tags are not understood either, so a file means what it shows. A
// secret never stands in the file, and a message never repeats one.
package policyfile
