package access

// Client is a party that asks for tokens. At most one of Secret, PrivateKey,
// Assertion, Certificate and TokenFiles says how; where all are empty, servers
// know the client, but no process can be it.
type Client struct {
	// Issuer names the issuer at which it is registered; empty means the only
	// one of the matrix.
	Issuer string

	// ID is what tokens call it; empty means its name.
	ID string

	// Secret says where its client secret is kept, never what it is.
	Secret SecretRef

	// PrivateKey says where the key is kept that it signs assertions with
	// (private_key_jwt, RFC 7523, section 2.2).
	PrivateKey KeyRef

	// Assertion is the path of a file in which something else keeps an
	// assertion fresh, such as a Kubernetes token for the issuer (RFC 7523,
	// section 2.2).
	Assertion string

	// Certificate is what it proves itself with in TLS (RFC 8705, section 2).
	Certificate CertificateRef

	// TokenFiles are the paths of files in which something else keeps its
	// tokens fresh, by the names of the services that they are for.
	TokenFiles map[string]string
}

// Secret is a reference to a secret: the path of a file or the name of an
// environment variable, not both. The zero value refers to nothing.
type SecretRef struct {
	File string
	Env  string
}

// PrivateKey is a reference to a private key, in PEM or as a JWK: the path of a
// file or the name of an environment variable, not both. The zero value refers
// to nothing.
type KeyRef struct {
	File string
	Env  string

	// KeyID is the kid by which the issuer knows the key; empty means that of
	// the JWK, or none.
	KeyID string

	// Algorithm is what the key signs with; empty means what suits its kind.
	Algorithm string
}

// Certificate refers to the files of a certificate and of its key, in PEM. The
// zero value refers to nothing.
type CertificateRef struct {
	File    string
	KeyFile string
}

// External is an API of somebody else, or a service that another matrix guards.
type External struct {
	// Issuer names the issuer of the tokens that it accepts; empty means that of
	// each client.
	Issuer string

	// Audience is what its tokens must have in aud; empty means its name.
	Audience string

	// Authorities are where its tokens may be sent; see [Service].
	Authorities []string

	// GRPC lists the full names of the gRPC services it consists of; empty means
	// whichever are called on a connection that is made for it alone.
	GRPC []string

	// Clients names the clients that call it. Required.
	Clients []string

	// Scopes are what they ask for; empty means what the issuer gives them.
	Scopes []string
}

// Ask is how an issuer's clients ask for an audience: at most one of Parameter,
// Scope and TokenURLs. The zero value leaves that to the preset.
type Ask struct {
	// Parameter is the parameter that names the audience: "audience",
	// "resource" (RFC 8707), or "nothing", where the issuer knows it without.
	Parameter string

	// Scope is the scope that stands for an audience, with {audience} in its
	// place, such as "{audience}/.default".
	Scope string

	// TokenURLs are token endpoints that stand for an audience each, by the
	// names of the services.
	TokenURLs map[string]string

	// Parameters are sent besides, whatever is asked for.
	Parameters map[string]string
}
