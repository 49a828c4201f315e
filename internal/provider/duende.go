package provider

// duende is Duende IdentityServer. Its tokens are at+jwt, but a client as itself has no
// sub.
var duende = Provider{
	Preset:  "duende",
	Product: "Duende IdentityServer",
	Token: Token{
		Types:      []string{"at+jwt"},
		Required:   []string{"client_id"},
		Clients:    []string{"client_id"},
		Service:    subjectIsClient,
		Scopes:     scopeString,
		ScopeLists: true,
	},
	Request:   Request{Audience: Ask{Parameter: "resource"}},
	Addresses: Addresses{Issuer: "https://idp.example.com", KeysPath: "/.well-known/openid-configuration/jwks"},
	Advice: Advice{
		Audience:        "have {client} ask with resource={audience}, or with a scope of that API resource",
		MissingAudience: `make an API resource named "{audience}"`,
		RefusedAudience: `make an API resource named "{audience}", with a scope that {client} may ask for`,
	},
}
