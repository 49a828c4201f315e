package provider

// pingOne is PingOne. The scopes determine the audience.
var pingOne = Provider{
	Preset:  "pingone",
	Product: "PingOne",
	Token: Token{
		Types:     []string{"at+jwt", "jwt", ""},
		Required:  []string{"client_id"},
		Forbidden: IDTokenClaims,
		Clients:   []string{"client_id"},
		Service:   subjectIsClient,
		Scopes:    scopeString,
	},
	Request:   Request{Audience: Ask{Nothing: true}},
	Addresses: Addresses{Issuer: "https://auth.pingone.eu/ENVIRONMENT/as"},
	Advice: Advice{
		Audience:        "have {client} ask with a scope of the resource whose audience is {audience}, and of no other resource",
		MissingAudience: `ask for a scope of the custom resource whose audience is "{audience}"`,
		RefusedAudience: `give {client} a scope of the custom resource whose audience is "{audience}", and ask for it`,
	},
}
