package audience

// Matrix is the access matrix as plain data: which client may call which
// method of which service, with tokens of which issuer. [New] checks it and
// turns it into a [Policy]. Names are the keys of the maps; the zero value is
// an empty matrix, which New refuses.
type Matrix struct {
	// Issuers are the authorization servers whose tokens are accepted.
	Issuers map[string]Issuer

	// Services are what is guarded.
	Services map[string]Service

	// Clients are all who may be named by a rule.
	Clients map[string]Client

	// Public names what anybody may call without a token: a gRPC service
	// ("grpc.health.v1.Health") or one method of it
	// ("grpc.health.v1.Health/Check").
	Public []string
}

// Issuer is an authorization server.
type Issuer struct {
	// URL is the iss claim of its tokens, compared exactly: a trailing slash
	// matters. Required. It is https, or http where InsecureLoopback allows it.
	URL string

	// Discovery is the address of its metadata document; empty means
	// URL + "/.well-known/openid-configuration".
	Discovery string

	// JWKS is the address of its signing keys; empty means that the metadata
	// document names it.
	JWKS string

	// Preset names how its tokens are written: where the caller's id, the type
	// and the scopes stand. Empty means "rfc9068". See [Presets].
	Preset string

	// InsecureLoopback accepts plain http, on a loopback address only.
	InsecureLoopback bool
}

// Service is one guarded service. Its name in the matrix need not be the name
// of a gRPC service; GRPC lists those.
type Service struct {
	// Issuers names the issuers whose tokens it accepts; empty means the only
	// one of the matrix.
	Issuers []string

	// Audiences are the values by which it finds itself in a token's aud; any
	// of them will do. Empty means the service's name. More than one is meant
	// for migrations.
	Audiences []string

	// GRPC lists the full names of the gRPC services it consists of
	// ("acme.orders.v1.OrderStatus"). Required.
	GRPC []string

	// Self accepts a token without aud from the client that bears the
	// service's own name: a client is always its own audience.
	Self bool

	// Allow lists the alternatives: a call is admitted if one of them holds
	// in full. Empty means that nobody may call, which is a [Warning].
	Allow []Allow
}

// Allow is one alternative: demands that must all hold.
type Allow struct {
	// Clients names the clients that may call. Required, unless AnyClient.
	Clients []string

	// AnyClient admits every client that can get a token for the service,
	// named or not. The file writes it as clients: any.
	AnyClient bool

	// Methods are the methods this is about, by their short names; "*" means
	// all of them. Required.
	Methods []string

	// Scopes must all have been granted. Required, unless NoScopes.
	Scopes []string

	// NoScopes demands no scope. The file writes it as scopes: none.
	NoScopes bool
}

// Client is a party that asks for tokens.
type Client struct {
	// Issuer names the issuer at which it is registered; empty means the only
	// one of the matrix.
	Issuer string

	// ID is what tokens call it; empty means its name.
	ID string

	// Secret says where its client secret is kept, never what it is.
	Secret Secret
}

// Secret is a reference to a secret: the path of a file or the name of an
// environment variable, not both. The zero value refers to nothing.
type Secret struct {
	File string
	Env  string
}
