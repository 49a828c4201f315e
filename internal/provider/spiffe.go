package provider

// spiffe describes JWT-SVIDs (SPIFFE, JWT-SVID, sections 2 and 3). Every workload can
// name every audience.
var spiffe = Provider{
	Preset:  "spiffe",
	Product: "SPIFFE",
	Token: Token{
		Types:         []string{"", "jwt", "jose"},
		Required:      []string{"sub"},
		Forbidden:     IDTokenClaims,
		SubjectPrefix: "spiffe://",
		Clients:       []string{"sub"},
		Service:       everybody,
		AnyAudience:   true,
	},
	Request:   Request{Alternative: "have a helper keep a JWT-SVID fresh in a file for each service, and name the files under token_files"},
	Addresses: Addresses{Issuer: "https://oidc-discovery.example.org"},
	Advice:    Advice{Audience: "fetch the JWT-SVID with audience {audience}"},
}
