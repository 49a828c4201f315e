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

	// OnlineOnly means that the tokens are JWTs, which are verified with the issuer's
	// keys, and that the issuer is asked only about the calls for which an [Allow] has
	// Online. Otherwise the issuer is asked about each of its tokens, and its keys are
	// not used.
	OnlineOnly bool
}

// Introspected reports whether the issuer is asked about each of its tokens, which may
// then be opaque.
func (i Issuer) Introspected() bool { return i.Introspection.always() }

// always reports whether the issuer is asked about each of its tokens.
func (i *Introspection) always() bool { return *i != (Introspection{}) && !i.OnlineOnly }

// ways lists how the service authenticates, by the keys of the file.
func (i Introspection) ways() []string {
	return used([]way{
		{"secret", i.Secret != SecretRef{}},
		{"mtls", i.Certificate != CertificateRef{}},
		{"insecure", i.InsecureNoAuthentication},
	})
}

// Introspects reports whether the issuer of this URL is asked about each of its tokens,
// for an issuer whose tokens the guarded services accept. It copies no Issuer, which is
// large: the stack of a request would have to grow.
func (g *Guard) Introspects(issuer string) bool {
	for i := range g.issuers {
		if of := &g.issuers[i]; of.URL == issuer && of.Introspection.always() {
			return true
		}
	}
	return false
}
