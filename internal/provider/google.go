package provider

// google is Google, with the ID tokens of service accounts, with which Google's
// services call each other. Everyone can get one for every audience. azp is the number
// in sub or, for a token that was obtained with a key, the e-mail address of the
// account. For a person it is the id of an application.
var google = Provider{
	Preset:  "google",
	Product: "Google",
	Page:    "google.md",
	Token: Token{
		Types:         []string{"jwt"},
		Required:      []string{"sub"},
		Forbidden:     IDTokenClaims,
		IssuerAliases: map[string]string{"accounts.google.com": "https://accounts.google.com"},
		Clients:       []string{"sub"},
		NotClient:     map[string]string{"azp": ".gserviceaccount.com"},
		CallerClaims:  []CallerClaim{{Claim: "email", VerifiedBy: "email_verified"}},
		Service:       everybody,
		AnyAudience:   true,
	},
	Request: Request{Alternative: `the metadata server gives identity tokens, at …/identity?audience=AUDIENCE: have a helper write one for each service to a file, and name the files under token_files`},
	Addresses: Addresses{
		Issuer: "https://accounts.google.com", KeysURL: "https://www.googleapis.com/oauth2/v3/certs",
		Shapes: []string{"accounts.google.com"},
		Hosts:  []string{"www.googleapis.com", "oauth2.googleapis.com", "openidconnect.googleapis.com"},
	},
	Advice: Advice{Audience: "ask the metadata server for an identity token with audience={audience}"},
}
