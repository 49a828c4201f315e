package access

// Client is a client of an issuer. At most one of Secret, PrivateKey, Assertion,
// Certificate and TokenFiles says how it authenticates. If all are empty, rules can
// name the client, but no process can get a token as it.
type Client struct {
	Purpose

	// Issuer names the issuer at which it is registered; empty means the only
	// one of the matrix.
	Issuer string

	// ID is its id at the issuer, as tokens have it; empty means its name.
	ID string

	// Secret refers to its client secret.
	Secret SecretRef

	// AuthStyle is how the secret is sent: "basic" or "post", as for [Issuer]. Empty
	// means the AuthStyle of the issuer.
	AuthStyle string

	// PrivateKey refers to the key that it signs assertions with (private_key_jwt,
	// RFC 7523, section 2.2).
	PrivateKey KeyRef

	// Assertion is the path of a file with an assertion that another process
	// refreshes, such as a Kubernetes token for the issuer (RFC 7523, section 2.2).
	Assertion string

	// Certificate refers to its certificate for mutual TLS (RFC 8705, section 2).
	Certificate CertificateRef

	// TokenFiles are the paths of files with its tokens, which another process
	// refreshes, by the names of the services that they are for.
	TokenFiles map[string]string
}

// SecretRef is a reference to a secret: the path of a file or the name of an
// environment variable, not both. It never holds the secret. The zero value refers
// to nothing.
type SecretRef struct {
	File string
	Env  string
}

// KeyRef is a reference to a private key, in PEM or as a JWK: the path of a file or
// the name of an environment variable, not both. The zero value refers to nothing.
type KeyRef struct {
	File string
	Env  string

	// KeyID is the kid of the key at the issuer; empty means the kid of the JWK, or
	// none.
	KeyID string

	// Algorithm is the signature algorithm; empty means the usual one for the kind
	// of key.
	Algorithm string
}

// CertificateRef refers to the files of a certificate and of its key, in PEM. The
// zero value refers to nothing.
type CertificateRef struct {
	File    string
	KeyFile string
}

// External is an API that this matrix does not guard: one of another company, or a
// service of another matrix.
type External struct {
	Purpose

	// Issuer names the issuer of the tokens that it accepts; empty means the issuer
	// of each client.
	Issuer string

	// Audience is what its tokens must have in aud; empty means its name.
	Audience string

	// Authorities are the hosts that its tokens may be sent to; see [Service].
	Authorities []string

	// GRPC lists the full names of the gRPC services it consists of; empty means all
	// that are called on a connection that is made for it only.
	GRPC []string

	// Clients names the clients that call it. Required.
	Clients []string

	// Scopes are the scopes that the clients request; empty means none.
	Scopes []string
}

// Ask is how the clients of an issuer request an audience: at most one of Parameter,
// Scope and TokenURLs. The zero value leaves that to the preset.
type Ask struct {
	// Parameter is the request parameter that names the audience: "audience",
	// "resource" (RFC 8707), or "nothing" if the issuer chooses the audience.
	Parameter string

	// Scope is a scope that requests an audience, with {audience} in its place, such
	// as "{audience}/.default".
	Scope string

	// TokenURLs are token endpoints, each of which issues tokens for one audience,
	// by the names of the services.
	TokenURLs map[string]string

	// Parameters are sent in addition with each request.
	Parameters map[string]string
}
