package testutil

// Grant is what an access token is issued for.
type Grant struct {
	// Client is the id of the client that gets the token.
	Client string

	// Subject is the user, or the client that calls as itself. In an exchange it is the
	// subject of the exchanged token.
	Subject string

	// Audiences and Scopes are what was granted.
	Audiences, Scopes []string
}

// WriteClaims sets how the claims of each access token that the issuer issues are
// written: write returns them, and may change and return those that the issuer would
// write itself. It does not apply to [Issuer.Mint]. It may be called concurrently. The
// default is RFC 9068, section 2.2, with azp beside client_id.
func WriteClaims(write func(g Grant, claims Claims) Claims) Option {
	return optionFunc(func(o *options) { o.write = write })
}
