package provider

// Request says how a provider is asked for a token.
type Request struct {
	// Audience is how a client states the audience of a token of its own; the zero
	// value is the parameter audience.
	Audience Ask

	// Exchange is how a client states it in a token exchange (RFC 8693); the zero
	// value is the same as Audience.
	Exchange Ask

	// OneAudience says that one authorization server issues tokens for one audience.
	OneAudience bool

	// ExchangeAudience adds the parameter audience in a token exchange.
	ExchangeAudience bool

	// OnBehalfOf says that a caller's token is exchanged by the grant of RFC 7523 with
	// requested_token_use=on_behalf_of, as Entra ID does, and not by RFC 8693.
	OnBehalfOf bool

	// AssertionForEndpoint says that the audience of a client's assertion is the address
	// of the token endpoint (RFC 7523, section 3, as first published), and not the issuer.
	AssertionForEndpoint bool
	// RoleScope is a scope that a client must ask for, so that its tokens have roles;
	// empty if none is needed.
	RoleScope string

	// Alternative says what to use instead if the provider has no token endpoint for
	// this.
	Alternative string
}

// Ask is a way to state an audience in a token request. At most one field is set.
type Ask struct {
	// Parameter is the name of a parameter.
	Parameter string

	// Scope is a template of a scope, with {audience} in it.
	Scope string

	// Nothing states no audience: the token endpoint or the scopes determine it.
	Nothing bool
}
