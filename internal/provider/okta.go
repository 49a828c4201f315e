package provider

// okta is a custom authorization server of Okta. Tokens of the organization's own
// authorization server are not meant to be read by others. Each authorization server
// has one audience.
var okta = Provider{
	Preset:  "okta",
	Product: "Okta",
	Page:    "okta.md",
	Token: Token{
		Types:      []string{"", "jwt", "at+jwt", "okta-internal-at+jwt"},
		Required:   []string{"sub", "cid"},
		Forbidden:  IDTokenClaims,
		Clients:    []string{"cid"},
		Service:    without("uid"),
		Scopes:     []string{"scp"},
		ScopeLists: true,
	},
	Request:   Request{Audience: Ask{Nothing: true}, OneAudience: true, AssertionForEndpoint: true},
	Addresses: Addresses{Issuer: "https://corp.okta.com/oauth2/default", KeysPath: "/v1/keys", Shapes: []string{"{host}/oauth2/{server}"}},
	Audiences: Audiences{Defaults: []DefaultAudience{{Value: "api://default", By: "Okta's default server", Into: "every token"}}},
	Advice: Advice{
		Audience:        "an authorization server of Okta has one audience: have {client} ask at the token endpoint of the one whose audience is {audience}",
		MissingAudience: `the audience belongs to the authorization server: use the one whose audience is "{audience}", or set a token URL for each audience`,
		RefusedAudience: `let an access policy of the authorization server allow {client} this grant`,
		RefusedScope:    `ask for a scope that the authorization server has, and that a rule of its access policy allows {client}`,
		Credentials:     "in Okta it is under Applications, {client}, General, Client Credentials",
		Grant:           "in Okta, select Client Credentials as grant type under Applications, {client}, General, and in a rule of the access policy",
		Wider:           "an authorization server of Okta has one audience: let no access policy of it allow {client} this grant",
		Answers: []Answer{
			{Part: "client secret supplied", Meaning: CredentialRefused},
			{Part: "invalid value for 'client_id'", Meaning: ClientUnknown},
			{Part: "client_assertion", Code: "invalid_client", Meaning: CredentialRefused},
			{Part: "token_endpoint_auth_method", Meaning: MethodRefused},
			{Part: "not authorized to use the provided grant type", Meaning: GrantRefused},
			{Part: "policy evaluation failed", Meaning: AudienceRefused},
		},
	},
}
