package provider

// hydra is Ory Hydra with the JWT strategy.
var hydra = Provider{
	Preset:  "hydra",
	Product: "Hydra",
	Page:    "hydra.md",
	Token: Token{
		Types:      []string{"jwt", "at+jwt"},
		Required:   []string{"sub", "client_id", "jti"},
		Forbidden:  IDTokenClaims,
		Clients:    []string{"client_id"},
		Service:    subjectIsClient,
		Scopes:     []string{"scp", "scope"},
		ScopeLists: true,
	},
	Request:   Request{Audience: Ask{Parameter: "audience"}, AssertionForEndpoint: true},
	Addresses: Addresses{Issuer: "https://hydra.example.com", KeysPath: "/.well-known/jwks.json"},
	Advice: Advice{
		Audience:        "have {client} ask with audience={audience}, and list that under the audience of the client in Hydra",
		MissingAudience: `add "{audience}" to the audience list of {client}`,
		RefusedAudience: `add "{audience}" to the audience list of {client}`,
		RefusedScope:    `add the scope to {client}`,
		Wider:           `remove "{audience}" from the audience list of {client}`,
		NoExchange:      true,
		Answers: []Answer{
			{Part: "has not been whitelisted", Meaning: AudienceRefused},
			{Part: "requested audience", Meaning: AudienceRefused},
			{Part: "supports client authentication method", Meaning: MethodRefused},
			{Part: "not allowed to use authorization grant", Meaning: GrantRefused},
			{Part: "not allowed to request scope", Meaning: ScopeRefused},
		},
	},
}
