package provider

// oidcProvider is a server made with the library oidc-provider for Node.js.
var oidcProvider = Provider{
	Preset:    "oidc-provider",
	Product:   "oidc-provider",
	Token:     rfc9068.Token,
	Request:   Request{Audience: Ask{Parameter: "resource"}},
	Addresses: Addresses{Issuer: "https://idp.example.com", KeysPath: "/jwks"},
	Advice: Advice{
		Audience:        "have {client} ask with resource={audience} (RFC 8707)",
		MissingAudience: `getResourceServerInfo gives this resource another audience: leave audience out there`,
		RefusedAudience: `let getResourceServerInfo and the client's rights allow {client} the resource "{audience}"`,
	},
}
