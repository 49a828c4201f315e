package provider

// githubActions is GitHub Actions. A job calls services with its ID token. Every job
// of every repository on GitHub can get one for every audience, so only the repository
// says who calls.
var githubActions = Provider{
	Preset:  "github-actions",
	Product: "GitHub Actions",
	Page:    "github.md",
	Token: Token{
		Types:        []string{"jwt"},
		Required:     []string{"sub", "repository", "jti"},
		Forbidden:    IDTokenClaims,
		Clients:      []string{"repository"},
		CallerClaims: []CallerClaim{{Claim: "repository"}, {Claim: "repository_id"}, {Claim: "repository_owner"}, {Claim: "repository_owner_id"}, {Claim: "sub"}},
		Service:      everybody,
		AnyAudience:  true,
	},
	Request: Request{Alternative: "have the job request a token with audience=AUDIENCE for each service and write it to a file, and name the files under token_files"},
	Addresses: Addresses{
		Issuer: "https://token.actions.githubusercontent.com", KeysPath: "/.well-known/jwks",
		Shapes: []string{"token.actions.githubusercontent.com", "{host}/_services/token"},
	},
	Advice: Advice{Audience: "let the job request its token with audience={audience}"},
}
