package provider

var auth0 = Provider{
	Preset:  "auth0",
	Product: "Auth0",
	Page:    "auth0.md",
	Token: Token{
		Types:     []string{"jwt"},
		Required:  []string{"sub", "azp"},
		Forbidden: IDTokenClaims,
		Clients:   []string{"azp", "client_id"},
		Service:   auth0Service,
		Scopes:    scopeString,
		Roles:     rolesIn("permissions"),
	},
	Request:   Request{Audience: Ask{Parameter: "audience"}},
	Addresses: auth0Addresses,
	Audiences: Audiences{Defaults: []DefaultAudience{{Suffix: ".auth0.com/userinfo", By: "Auth0", Into: "every token of a login"}}},
	Advice:    auth0Advice,
}

// auth0RFC9068 is Auth0 with the token profile of RFC 9068.
var auth0RFC9068 = Provider{
	Preset:  "auth0-rfc9068",
	Product: "Auth0",
	Page:    "auth0.md",
	Token: Token{
		Types:    []string{"at+jwt"},
		Required: rfc9068.Token.Required,
		Clients:  []string{"client_id"},
		Service:  auth0Service,
		Scopes:   scopeString,
		Roles:    rolesIn("permissions"),
	},
	Request:   Request{Audience: Ask{Parameter: "audience"}},
	Addresses: auth0Addresses,
	Advice:    auth0Advice,
}

var auth0Addresses = Addresses{Issuer: "https://corp.eu.auth0.com/", KeysPath: "/.well-known/jwks.json", Shapes: []string{"{host}/"}}

var auth0Advice = Advice{
	Audience:        "have {client} ask with audience={audience}, the identifier of the API to the letter, and authorize it for that API",
	MissingAudience: `make an API whose identifier is "{audience}", exactly`,
	RefusedAudience: `authorize {client} for the API "{audience}", whose identifier must be exactly that`,
}

// clientSubject is the subject of a client. Those of users begin with where they come
// from, and a bar.
var clientSubject = Condition{Claim: "sub", Value: Client + "@clients"}

var auth0Service = Service{
	AnyOf:   [][]Condition{{clientSubject}},
	Account: &clientSubject,
	Proxy:   Proxy{Service: []Condition{clientSubject}},
}
