package access

// Introspection says how to ask an issuer about a token (RFC 7662). The zero value
// means that the issuer is not asked. Exactly one of Secret, Certificate and
// InsecureNoAuthentication says how the service authenticates.
type Introspection struct {
	// URL is the introspection endpoint; if it is empty, it is the one in the metadata
	// document (introspection_endpoint). InsecureNoAuthentication requires it.
	URL string

	// ClientID is the id by which the service authenticates there. Required, unless
	// InsecureNoAuthentication.
	ClientID string

	// Secret refers to the client secret of the service, sent as the issuer's AuthStyle
	// says.
	Secret SecretRef

	// Certificate refers to the certificate of the service for mutual TLS (RFC 8705,
	// section 2).
	Certificate CertificateRef

	// InsecureNoAuthentication asks without authentication, at an endpoint for
	// administrators that has none, such as that of Ory Hydra. Whoever reaches such an
	// endpoint can ask about tokens.
	InsecureNoAuthentication bool
}

// ways lists how the service authenticates, by the keys of the file.
func (i Introspection) ways() []string {
	return used([]way{
		{"secret", i.Secret != SecretRef{}},
		{"mtls", i.Certificate != CertificateRef{}},
		{"insecure", i.InsecureNoAuthentication},
	})
}
