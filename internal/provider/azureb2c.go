package provider

// azureB2C is Azure AD B2C. An access token may have the nonce of the login. Only
// access tokens have scp and azp, which distinguish them from ID tokens. Each policy
// has its own metadata, so the matrix must name its address.
var azureB2C = Provider{
	Preset:  "azure-b2c",
	Product: "Azure AD B2C",
	Page:    "b2c.md",
	Token: Token{
		Types:     []string{"jwt"},
		Required:  []string{"sub", "azp", "scp"},
		Values:    map[string]string{"ver": "1.0"},
		Forbidden: []string{"at_hash", "c_hash", "events"},
		Clients:   []string{"azp"},
		Service:   uncertain(subjectIsClient),
		Scopes:    []string{"scp"},
	},
	Request: Request{Audience: Ask{Scope: "{audience}/.default"}},
	Addresses: Addresses{
		Issuer: "https://corp.b2clogin.com/9b2f1c1e-5d0a-4b7e-8f3a-2c6d7e8f9a0b/v2.0/",
		Shapes: []string{"{host}/{tenant}/v2.0/", "{host}/tfp/{tenant}/{policy}/v2.0/"},
	},
	Advice: Advice{
		Audience:        "have {client} ask by the Application ID URI of the API, as ask says under the issuer: scope: https://TENANT.onmicrosoft.com/{audience}/.default",
		MissingAudience: `the audience of a service is the Application (client) ID of its API: write "{audience}" so, and ask by the Application ID URI`,
		RefusedAudience: `give {client} an application permission of the API, and grant admin consent`,
	},
}
