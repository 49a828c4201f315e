package provider

// authentik is authentik. Its access token has the claims of the ID token of the same
// login, nonce included, and in addition azp and uid. By default aud is the client; a
// scope mapping can set it. The tokens of service accounts look like those of users.
var authentik = Provider{
	Preset:  "authentik",
	Product: "authentik",
	Page:    "authentik.md",
	Token: Token{
		Types:     []string{"jwt"},
		Required:  []string{"sub", "azp", "uid"},
		Forbidden: []string{"at_hash", "c_hash", "events"},
		Clients:   []string{"azp"},
		Service:   uncertain(subjectIsClient),
		Scopes:    scopeString,
		Roles:     rolesIn("groups"),
	},
	Request:   Request{Audience: Ask{Scope: "{audience}"}},
	Addresses: Addresses{Issuer: "https://auth.example.com/application/o/orders/", KeysPath: "/jwks/"},
	Advice: Advice{
		Audience:        `have {client} ask with scope={audience}, and give its provider a scope mapping of that name that returns {"aud": "{audience}"}`,
		MissingAudience: `select the scope mapping "{audience}", which returns {"aud": "{audience}"}, in the provider of {client}`,
		RefusedAudience: `select the scope mapping "{audience}" in the provider of {client}`,
		RefusedScope:    `select the scope mapping of that name in the provider of {client}`,
	},
}
