package authmethod

// Origin says where a client is configured, for errors. It holds no secret.
type Origin struct {
	// Kind is what the client authenticates with: "secret", "key", "assertion" or
	// "certificate".
	Kind string

	// Place is where the credential comes from, such as "environment variable X
	// (access.yaml:12)".
	Place string

	// Issuer is where the issuer is configured, such as "issuers.corp (access.yaml:3)".
	Issuer string
}

// WithOrigin is a Method with its origin.
type WithOrigin struct {
	Method
	Origin Origin
}

// Split returns a method without its origin, and the origin; the zero value if it has
// none.
func Split(m Method) (Method, Origin) {
	if with, ok := m.(WithOrigin); ok {
		return with.Method, with.Origin
	}
	return m, Origin{}
}
