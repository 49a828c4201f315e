package provider

// logto is Logto. Every application of a tenant can get a token for every API
// resource, but without scopes.
var logto = Provider{
	Preset:  "logto",
	Product: "Logto",
	Page:    "logto.md",
	Token: Token{
		Types:       []string{"at+jwt"},
		Required:    rfc9068.Token.Required,
		Clients:     []string{"client_id"},
		Service:     subjectIsClient,
		Scopes:      scopeString,
		AnyAudience: true,
	},
	Request:   Request{Audience: Ask{Parameter: "resource"}},
	Addresses: Addresses{Issuer: "https://corp.logto.app/oidc", Shapes: []string{"{host}/oidc"}, KeysPath: "/jwks"},
	Advice: Advice{
		Audience:        "have {client} ask with resource={audience}, the identifier of the API resource",
		MissingAudience: `make an API resource with the identifier "{audience}"`,
		RefusedAudience: `make an API resource with the identifier "{audience}"`,
		RefusedScope:    `give {client} a role with that permission of the API resource`,
	},
}
