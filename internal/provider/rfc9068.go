package provider

// rfc9068 is the JWT profile for access tokens: RFC 9068, sections 2.2 and 4. It is
// also for newer versions of PingOne and Glewlwyd.
var rfc9068 = Provider{
	Preset:  Default,
	Product: "the issuer",
	Token: Token{
		Types:    []string{"at+jwt"},
		Required: []string{"sub", "client_id", "iat", "jti"},
		Clients:  []string{"client_id"},
		Service:  subjectIsClient,
		Scopes:   scopeString,
		Roles:    []Roles{{Path: []string{"roles"}, Objects: true}}, // RFC 9068, section 2.2.3.1
	},
	Addresses: Addresses{Issuer: "https://idp.example.com"},
	Advice: Advice{
		Audience:        "have {client} ask with audience={audience}; if {issuer} wants resource={audience} (RFC 8707), write ask: resource in {issuer_place}",
		RefusedAudience: `let {client} have tokens for "{audience}" at {issuer}; if the issuer wants to be asked otherwise, set ask: resource, or a scope, in {issuer_place}`,
	},
}
