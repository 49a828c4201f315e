package provider

// Keycloak is the name of the preset of Keycloak, for packages that are only about
// Keycloak.
const Keycloak = "keycloak"

// keycloak is Keycloak. It writes the type into the payload and not into the header,
// unless the client requests at+jwt. Older versions write nonce into access tokens
// too, so nonce does not identify an ID token. Lightweight tokens have no sub.
var keycloak = Provider{
	Preset:  Keycloak,
	Product: "Keycloak",
	Page:    "keycloak.md",
	Token: Token{
		Types:           []string{"jwt", "at+jwt", ""},
		Values:          map[string]string{"typ": "Bearer"},
		Forbidden:       []string{"at_hash", "c_hash", "events"},
		SubjectOptional: true,
		Clients:         []string{"azp", "client_id"},
		Service:         keycloakService,
		Scopes:          scopeString,
		Roles:           []Roles{{Path: []string{"realm_access", "roles"}}, {Path: []string{"resource_access", Each, "roles"}}},
	},
	// In a client credentials request, Keycloak ignores the parameter audience. In a
	// token exchange, the parameter narrows the audiences that the scopes add.
	Request: Request{Audience: Ask{Scope: "{audience}"}, ExchangeAudience: true},
	Addresses: Addresses{
		Issuer: "https://sso.example.com/realms/corp", Shapes: []string{"{host}/{base}/realms/{realm}"},
		KeysPath: "/protocol/openid-connect/certs",
	},
	Audiences: Audiences{Defaults: []DefaultAudience{{Value: "account", By: "Keycloak", Into: "every token"}}},
	Advice: Advice{
		Audience:        `in Keycloak, add a mapper of type Audience for {audience} to a client scope, and assign that to {client}; if it is optional, the client asks for it by scope. Keycloak ignores an audience parameter`,
		MissingAudience: `add an audience mapper for "{audience}" to a client scope of {client}`,
		RefusedAudience: `in Keycloak, add a mapper of type Audience for {audience} to a client scope, and assign that to {client}; if it is optional, the client asks for it by scope. Keycloak ignores an audience parameter`,
		RefusedExchange: `switch on standard token exchange for {client}, and give it a client scope with an audience mapper for "{audience}"; the subject's token must be for {client}`,
		RefusedScope:    `create a client scope named "{audience}" with an audience mapper for "{audience}", and add it to {client} as optional; or, if a default scope has the mapper, ask without the audience (ask: nothing)`,
		MissingScope:    "in Keycloak, assign the client scopes {scopes} to {client}; if they are optional, the client asks for scope={scopes}",
		MissingSubject:  "in Keycloak that is the client scope basic",
		Credentials:     "in Keycloak it is under Clients, {client}, Credentials",
		Grant:           "in Keycloak, switch on Client authentication and Service account roles under Clients, {client}, Settings",
		Exchange:        "in Keycloak, switch on Standard Token Exchange under Clients, {client}, Settings, Capability config",
		Wider:           "in Keycloak, remove the client scope that has the mapper for {audience} from {client}, also if it is a default of the realm",
		Answers:         keycloakAnswers,
		OwnCodes:        true,
	},
	EverySession: "ALL", // when an administrator ends the sessions of a user
}

// serviceAccount is the name of the account that Keycloak creates for a client. Names
// are in lower case.
var serviceAccount = Condition{Claim: "preferred_username", Value: "service-account-" + ClientLower}

// keycloakService recognises the account of a client by its name. A user could have
// registered under that name; but a user has a session, and no client_id, which
// Keycloak writes only for clients. A lightweight token has no sub, and often none of
// these claims; it then counts as a user's.
var keycloakService = Service{
	AnyOf: [][]Condition{
		{{Claim: "sub", Absent: true}, {Claim: "client_id"}},
		{serviceAccount, {Claim: "client_id"}},
		{serviceAccount, {Claim: "sid", Absent: true}},
		append([]Condition{{Claim: "sub", Value: Client}}, noLogin...),
	},
	Account: &serviceAccount,
	Proxy: Proxy{
		Service:    []Condition{serviceAccount, {Claim: "sid", Absent: true}},
		User:       []Condition{{Claim: "sub"}, {Claim: "sid"}, {Claim: "client_id", Absent: true}},
		UsersLogIn: true,
	},
}

// keycloakAnswers were observed with Keycloak 26.7.3. A wrong secret is
// unauthorized_client, and an unknown client is invalid_client, both with the same
// description.
var keycloakAnswers = []Answer{
	{Code: "unauthorized_client", Part: "invalid client or invalid client credentials", Meaning: CredentialRefused},
	{Code: "unauthorized_client", Part: "invalid client secret", Meaning: CredentialRefused},
	{Code: "unauthorized_client", Part: "client secret not provided", Meaning: CredentialRefused},
	{Code: "unauthorized_client", Part: "unexpected error when verifying", Meaning: CredentialRefused},
	{Code: "invalid_client", Part: "invalid client or invalid client credentials", Meaning: ClientUnknown},
	{Code: "invalid_client", Part: "client authentication with", Meaning: CredentialRefused},
	{Part: "not enabled to retrieve service account", Meaning: GrantRefused},
	{Part: "public client not allowed to retrieve service account", Meaning: GrantRefused},
	{Part: "not allowed for direct access grants", Meaning: GrantRefused},
	{Part: "standard token exchange is not enabled", Meaning: ExchangeRefused},
	{Part: "public client is not allowed to exchange token", Meaning: ExchangeRefused},
	{Part: "client not allowed to exchange", Meaning: ExchangeRefused},
	{Code: "unsupported_grant_type", Meaning: ExchangeRefused},
	{Part: "client is not within the token audience", Meaning: SubjectNotForClient},
	{Part: "requested audience not available", Meaning: AudienceRefused},
	{Part: "audience not found", Meaning: AudienceUnknown},
	{Part: "invalid token", Meaning: SubjectEnded},
	{Part: "user session not found", Meaning: SubjectEnded},
	{Code: "invalid_grant", Meaning: SubjectEnded},
	{Code: "invalid_scope", Meaning: ScopeRefused},
	{Part: "https required", Meaning: EncryptionDemanded},
	{Code: "Realm does not exist", Meaning: IssuerUnknown},
	{Part: "realm does not exist", Meaning: IssuerUnknown},
}
