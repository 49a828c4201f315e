package provider

// spring is Spring Authorization Server. By default aud is the client, and no other
// claim names the client. A token customizer sets aud to the service, and client_id to
// the client. An ID token has azp. The sub of a user is the name to log in by, which may
// be the name of a client, and no access token records a login.
var spring = Provider{
	Preset:  "spring",
	Product: "Spring Authorization Server",
	Page:    "spring.md",
	Token: Token{
		Types:      []string{""},
		Required:   []string{"sub", "jti"},
		Forbidden:  append([]string{"azp", "sid", "auth_time"}, IDTokenClaims...),
		Clients:    []string{"client_id"},
		Service:    uncertain(subjectIsClient),
		Scopes:     scopeString,
		ScopeLists: true,
		Roles:      rolesIn("roles"),
	},
	Request:   Request{Audience: Ask{Scope: "{audience}"}, ExchangeAudience: true},
	Addresses: Addresses{Issuer: "https://auth.example.com", KeysPath: "/oauth2/jwks"},
	Advice: Advice{
		Audience:        "have {client} ask with scope={audience}, and let the token customizer add {audience} to aud for that scope; by default aud is the client",
		MissingAudience: `let the token customizer of the server add "{audience}" to aud; by default aud is the client`,
		RefusedAudience: `add the scope "{audience}" to the scopes of the registered {client}`,
		RefusedScope:    `add the scope to the scopes of the registered {client}`,
	},
}
