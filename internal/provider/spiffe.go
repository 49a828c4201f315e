package provider

// spiffe is for JWT-SVIDs: SPIFFE, JWT-SVID, sections 2 and 3. Every workload can name
// every audience.
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
	Request:   Request{Alternative: "use NewFile with a JWT-SVID that a helper keeps fresh, one for each audience"},
	Addresses: Addresses{Issuer: "https://oidc-discovery.example.org"},
	Advice:    Advice{Audience: "fetch the JWT-SVID with audience {audience}"},
}
