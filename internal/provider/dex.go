package provider

// dex is Dex. An access token is an ID token by all that can be seen, at_hash and nonce
// included, so that aud and clients alone protect a service. azp is there when aud has
// several values; else aud is the caller.
var dex = Provider{
	Preset:  "dex",
	Product: "Dex",
	Token: Token{
		Types:                []string{""},
		Required:             []string{"sub"},
		Forbidden:            []string{"events"},
		Clients:              []string{"azp"},
		SoleAudienceIsClient: true,
		Service:              uncertain(subjectIsClient),
		Roles:                rolesIn("groups"),
	},
	Request:   Request{Audience: Ask{Scope: "audience:server:client_id:{audience}"}},
	Addresses: Addresses{Issuer: "https://dex.example.com", KeysPath: "/keys"},
	Advice: Advice{
		Audience:        "have {client} ask with scope=audience:server:client_id:{audience}, and list it under trustedPeers of that client",
		MissingAudience: `add {client} to the trustedPeers of client "{audience}"`,
		RefusedAudience: `add {client} to the trustedPeers of client "{audience}"; an exchange needs the parameter connector_id, too`,
		Credentials:     "in Dex it is under staticClients, or where the client was made",
		Wider:           `remove {client} from the trustedPeers of client "{audience}"`,
		Answers: []Answer{
			{Part: "can't request scope", Meaning: AudienceRefused},
			{Part: "not a trusted peer", Meaning: AudienceRefused},
			{Part: "unrecognized scope", Meaning: AudienceRefused},
		},
	},
}
