package provider

// cognito is Amazon Cognito. The scopes determine the audience: access tokens of
// clients as themselves have no aud.
var cognito = Provider{
	Preset:  "cognito",
	Product: "Cognito",
	Page:    "cognito.md",
	Token: Token{
		Types:      []string{""},
		Required:   []string{"sub", "client_id"},
		Values:     map[string]string{"token_use": "access"},
		Forbidden:  IDTokenClaims,
		Clients:    []string{"client_id"},
		Service:    without("username"),
		Scopes:     scopeString,
		Roles:      rolesIn("cognito:groups"),
		NoAudience: true,
	},
	Request: Request{Audience: Ask{Nothing: true}},
	Addresses: Addresses{
		Issuer: "https://cognito-idp.eu-central-1.amazonaws.com/POOL", KeysPath: "/.well-known/jwks.json",
		Shapes:     []string{"cognito-idp.{region}.amazonaws.com/{pool}", "cognito-idp.{region}.amazonaws.com.cn/{pool}"},
		IssuerHost: "cognito-idp.{region}.amazonaws.com", TokenHost: "{domain}.auth.{region}.amazoncognito.com",
	},
	Advice: Advice{
		Audience:        "have {client} ask with a scope of the resource server that stands for the service",
		RefusedAudience: `allow the app {client} a scope of the resource server, and ask for it by its full name`,
		Credentials:     "in Cognito it is under App clients, {client}, Client secret",
		Grant:           "in Cognito, select Client credentials under App clients, {client}, Login pages, OAuth grant types",
		NoExchange:      true,
		Wider:           "in Cognito, remove the scopes of the resource server from the app {client}",
		Answers: []Answer{
			{Code: "invalid_client_secret", Meaning: CredentialRefused},
			{Code: "invalid_client", Meaning: ClientOrCredential},
			{Code: "invalid_grant", Part: "scope", Meaning: ScopeRefused},
		},
	},
}
