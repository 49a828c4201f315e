package provider

// gitlab is GitLab CI/CD. A job calls services with its ID token. Every job of the
// instance can get one for every audience, so only the project says who calls. The ID
// token of a user who logs in at GitLab has the same issuer, but no job.
var gitlab = Provider{
	Preset:  "gitlab",
	Product: "GitLab",
	Page:    "gitlab.md",
	Token: Token{
		Types:        []string{"jwt"},
		Required:     []string{"sub", "project_path", "job_id", "jti"},
		Forbidden:    IDTokenClaims,
		Clients:      []string{"project_path"},
		CallerClaims: []CallerClaim{{Claim: "project_path"}, {Claim: "project_id"}, {Claim: "namespace_path"}, {Claim: "namespace_id"}, {Claim: "sub"}},
		Service:      everybody,
		AnyAudience:  true,
	},
	Request:   Request{Alternative: "have id_tokens give the job a token with the aud of each service, write them to files, and name the files under token_files"},
	Addresses: Addresses{Issuer: "https://gitlab.com", Shapes: []string{"{host}"}, KeysPath: "/oauth/discovery/keys"},
	Advice:    Advice{Audience: "give the job id_tokens with aud: {audience}"},
}
