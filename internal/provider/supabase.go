package provider

// supabase is Supabase Auth with asymmetric signing keys. Its tokens are those of
// users. aud is "authenticated" for each service, unless a hook adds to it. A token
// names a client only if the user logged in through the OAuth server of the project.
// An ID token has no role.
var supabase = Provider{
	Preset:  "supabase",
	Product: "Supabase",
	Page:    "supabase.md",
	Token: Token{
		Types:     []string{"jwt"},
		Required:  []string{"sub", "role", "aal", "session_id"},
		Forbidden: IDTokenClaims,
		Clients:   []string{"client_id"},
		Service:   without("session_id"),
		Scopes:    scopeString,
		Roles:     []Roles{{Path: []string{"app_metadata", "roles"}}},
	},
	Request:   Request{Alternative: "a program has the access token from the user's session: have it write one to a file for each service, and name the files under token_files"},
	Addresses: Addresses{Issuer: "https://PROJECT.supabase.co/auth/v1", Shapes: []string{"{host}/auth/v1"}, KeysPath: "/.well-known/jwks.json"},
	Audiences: Audiences{Defaults: []DefaultAudience{{Value: "authenticated", By: "Supabase", Into: "every token of a user"}}},
	Advice: Advice{
		Audience: `let a custom access token hook of the project add "{audience}" to aud`,
	},
}
