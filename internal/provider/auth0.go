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
	Audience:        "have {client} ask with audience={audience}, exactly the identifier of the API, and authorize it for that API",
	MissingAudience: `make an API whose identifier is "{audience}", exactly`,
	Credentials:     "in Auth0 it is under Applications, {client}, Settings and Credentials",
	Grant:           "in Auth0, switch on Client Credentials under Applications, {client}, Settings, Advanced, Grant Types",
	Wider:           "in Auth0, take the authorization for the API {audience} from {client}, under Applications, APIs, Machine to Machine",
	NameClients:     "Auth0 names clients by their Client ID",
	Answers:         auth0Answers,
	OwnCodes:        true,
	RefusedAudience: `authorize {client} for the API "{audience}", whose identifier must be exactly that`,
}

// clientSubject is the subject of a client. The subject of a user begins with the name
// of its connection and a bar.
var clientSubject = Condition{Claim: "sub", Value: Client + "@clients"}

var auth0Service = Service{
	AnyOf:   [][]Condition{{clientSubject}},
	Account: &clientSubject,
	Proxy:   Proxy{Service: []Condition{clientSubject}},
}

// auth0Answers are the refusals of Auth0. access_denied with status 401 means a wrong
// secret, and with 403 a client that is not authorized for the API.
var auth0Answers = []Answer{
	{Part: "client is not authorized to access", Meaning: AudienceRefused},
	{Part: "client-grant", Meaning: AudienceRefused},
	{Part: "client has not been granted scopes", Meaning: ScopeRefused},
	{Part: "service not found", Meaning: AudienceUnknown},
	{Part: "service not enabled", Meaning: AudienceUnknown},
	{Part: "grant type", Code: "unauthorized_client", Meaning: GrantRefused},
	{Part: "not allowed for the client", Meaning: GrantRefused},
	{Code: "access_denied", Part: "unauthorized", Meaning: ClientOrCredential},
	{Code: "access_denied", Status: 401, Meaning: ClientOrCredential},
	{Code: "unauthorized_client", Status: 401, Meaning: ClientOrCredential},
	{Code: "invalid_client", Meaning: ClientOrCredential},
	{Code: "invalid_scope", Meaning: ScopeRefused},
}
