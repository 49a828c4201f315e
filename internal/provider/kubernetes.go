package provider

// kubernetes describes tokens of Kubernetes service accounts, projected or by
// TokenRequest.
var kubernetes = Provider{
	Preset:  "kubernetes",
	Product: "Kubernetes",
	Page:    "kubernetes.md",
	Token: Token{
		Types:         []string{""},
		Required:      []string{"sub"},
		Forbidden:     IDTokenClaims,
		SubjectPrefix: "system:serviceaccount:",
		Clients:       []string{"sub"},
		Service:       everybody,
		AnyAudience:   true,
	},
	Request:   Request{Alternative: "project a service account token with an audience for each service, and name the files under token_files"},
	Addresses: Addresses{Issuer: "https://kubernetes.default.svc.cluster.local", NamesItselfByIP: true},
	Audiences: Audiences{Defaults: []DefaultAudience{
		{Value: "https://kubernetes.default.svc", By: "Kubernetes", Into: "every token"},
		{Value: "https://kubernetes.default.svc.cluster.local", By: "Kubernetes", Into: "every token"},
	}},
	Advice: Advice{Audience: "project the service account token with audience: {audience}"},
}
