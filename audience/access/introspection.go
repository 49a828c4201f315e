package access

import "slices"

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

	// Secret refers to the client secret of the service, which is sent as
	// [Issuer.AuthStyle] says.
	Secret SecretRef

	// Certificate refers to the certificate of the service for mutual TLS (RFC 8705,
	// section 2).
	Certificate CertificateRef

	// InsecureNoAuthentication sends no authentication, to an endpoint for
	// administrators that demands none, such as Ory Hydra's. Whoever reaches such an
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

// Introspects reports whether the issuer of this URL is asked about its tokens, for an
// issuer whose tokens the guarded services accept.
func (g *Guard) Introspects(issuer string) bool {
	return slices.ContainsFunc(g.issuers, func(i Issuer) bool { return i.URL == issuer && i.Introspection != (Introspection{}) })
}
