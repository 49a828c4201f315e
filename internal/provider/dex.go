package provider

// dex is Dex. Its access tokens have the at_hash and the nonce of ID tokens. Only
// c_hash, which binds an ID token to a code, identifies an ID token. So only aud and
// clients protect a service. azp is present if aud has several values; otherwise aud
// is the client. The sub of a user contains a connector, and that of a client does
// not.
var dex = Provider{
	Preset:  "dex",
	Product: "Dex",
	Page:    "dex.md",
	Token: Token{
		Types:                []string{""},
		Required:             []string{"sub"},
		Forbidden:            []string{"c_hash", "events"},
		Clients:              []string{"azp"},
		SoleAudienceIsClient: true,
		Service:              dexService,
		Roles:                rolesIn("groups"),
	},
	Request:   Request{Audience: Ask{Scope: "audience:server:client_id:{audience}"}, RoleScope: "groups"},
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

var (
	dexClient  = []Condition{{Claim: "sub", Value: ClientDex}}
	dexService = Service{AnyOf: [][]Condition{dexClient}, Account: &dexClient[0]}
)
