package provider

// vault describes the identity tokens of HashiCorp Vault. An audience is a role, and
// the policies of Vault say who may read its tokens; one policy may allow all roles.
// The entity in sub may be a program or a person.
var vault = Provider{
	Preset:  "vault",
	Product: "Vault",
	Page:    "vault.md",
	Token: Token{
		Types:       []string{""},
		Required:    []string{"sub", "namespace"},
		Forbidden:   IDTokenClaims,
		Clients:     []string{"sub"},
		Service:     uncertain(everybody),
		AnyAudience: true,
	},
	Request: Request{Alternative: "have Vault Agent keep the token of a role for each audience fresh in a file, and name the files under token_files"},
	Addresses: Addresses{
		Issuer: "https://vault.example.com:8200/v1/identity/oidc", Shapes: []string{"{host}/{base}/identity/oidc"}, KeysPath: "/.well-known/keys",
	},
	Advice: Advice{Audience: "read the token of the role whose client_id is {audience}: vault read identity/oidc/token/ROLE"},
}
