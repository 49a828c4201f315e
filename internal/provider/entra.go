package provider

import "time"

// entra is Microsoft Entra ID with tokens of version 2. It gives every client of the
// tenant a token for every service. Only tokens of users have scp. An ID token has no
// azp and no appid.
var entra = Provider{
	Preset:  "entra",
	Product: "Entra ID",
	Page:    "entra.md",
	Token: Token{
		Types:       []string{"jwt"},
		Required:    []string{"sub", "azp"},
		Values:      map[string]string{"ver": "2.0"},
		Forbidden:   IDTokenClaims,
		Clients:     []string{"azp"},
		Service:     entraService,
		Scopes:      []string{"scp"},
		Roles:       rolesIn("roles"),
		AnyAudience: true,
		MaxLifetime: entraLifetime,
	},
	Request: entraRequest,
	Addresses: Addresses{
		Issuer: "https://login.microsoftonline.com/TENANT/v2.0", IssuerPrefixes: entraIssuers,
		Shapes: []string{"login.microsoftonline.com/{tenant}/v2.0", "login.microsoftonline.us/{tenant}/v2.0", "login.partner.microsoftonline.cn/{tenant}/v2.0"},
	},
	Audiences: Audiences{
		Defaults: []DefaultAudience{
			{Value: "00000003-0000-0000-c000-000000000000", By: "Entra, for Microsoft Graph,", Into: "every token"},
			{Value: "https://graph.microsoft.com", By: "Entra, for Microsoft Graph,", Into: "every token"},
		},
		URIPrefix: "api://", IDOnly: true,
	},
	Advice: entraAdvice("have {client} ask with scope={audience}/.default; version 2 tokens then have the GUID of the API in aud"),
}

// entraV1 is Microsoft Entra ID with tokens of version 1.
var entraV1 = Provider{
	Preset:  "entra-v1",
	Product: "Entra ID",
	Page:    "entra.md",
	Token: Token{
		Types:       []string{"jwt"},
		Required:    []string{"sub", "appid"},
		Values:      map[string]string{"ver": "1.0"},
		Forbidden:   IDTokenClaims,
		Clients:     []string{"appid"},
		Service:     entraService,
		Scopes:      []string{"scp"},
		Roles:       rolesIn("roles"),
		AnyAudience: true,
		MaxLifetime: entraLifetime,
	},
	Request: entraRequest,
	Addresses: Addresses{
		Issuer: "https://sts.windows.net/TENANT/", IssuerPrefixes: entraIssuers,
		Shapes: []string{"sts.windows.net/{tenant}/", "sts.chinacloudapi.cn/{tenant}/"},
		Hosts:  []string{"login.microsoftonline.com"},
	},
	Audiences: Audiences{URIPrefix: "api://"},
	Advice:    entraAdvice("have {client} ask with scope={audience}/.default; aud is then the App ID URI or the GUID, as it was asked for"),
}

// entraLifetime is the longest lifetime of the token of a managed identity: up to 28
// hours with continuous access evaluation, and otherwise a little over 24.
const entraLifetime = 28 * time.Hour

// SharedTenants are the words that stand for many tenants in a URL of Entra ID. No token
// has them in iss.
var SharedTenants = []string{"common", "organizations", "consumers"}

var (
	entraRequest = Request{Audience: Ask{Scope: "{audience}/.default"}, OnBehalfOf: true, AssertionForEndpoint: true}
	entraIssuers = []string{"https://sts.windows.net/", "https://login.microsoftonline.com/"}
)

func entraAdvice(audience string) Advice {
	return Advice{
		Audience:        audience,
		MissingAudience: `ask for what the API's tokens have in aud: its application id, or in v1 tokens its application id URI`,
		RefusedAudience: `expose an API with the application id URI or id "{audience}", and consent to its permissions for {client}`,
		Credentials:     "in Entra it is under App registrations, {client}, Certificates & secrets: the value of the secret, not its id",
		NameClients:     "Entra names clients by their application id",
		Answers:         entraAnswers,
		OwnCodes:        true,
		AudienceForm:    "Entra puts the App ID URI (api://…) of an API into v1 tokens and its GUID into v2 tokens: name the one that its requestedAccessTokenVersion yields",
		OtherIssuer:     "Entra has one issuer for v1 tokens (https://sts.windows.net/TENANT/) and one for v2 tokens (https://login.microsoftonline.com/TENANT/v2.0): name the one that the API's requestedAccessTokenVersion yields, with its preset",
	}
}

// entraService recognises a service by scp, which has what a user has granted to the
// client, and by idtyp, which an application may request.
var entraService = Service{
	AnyOf: [][]Condition{{{Claim: "scp", Absent: true}, {Claim: "idtyp", Not: "user"}}},
	Proxy: Proxy{
		Service: []Condition{{Claim: "scp", Absent: true}, {Claim: "idtyp", Value: "app", Optional: true}},
		User:    []Condition{{Claim: "scp"}},
	},
}

// entraAnswers are recognised by the numbers in their descriptions.
var entraAnswers = []Answer{
	{Part: "aadsts7000215", Meaning: CredentialRefused},
	{Part: "aadsts7000222", Meaning: CredentialExpired},
	{Part: "aadsts7000218", Meaning: MethodRefused}, // neither secret nor assertion
	{Part: "aadsts700027", Meaning: CredentialRefused},
	{Part: "aadsts700024", Meaning: CredentialExpired},
	{Part: "aadsts7002", Meaning: CredentialRefused}, // 70021x: no matching federated identity
	{Part: "aadsts700016", Meaning: ClientUnknown},
	{Part: "aadsts700025", Meaning: MethodRefused}, // the client is public
	{Part: "aadsts90002", Meaning: IssuerUnknown},
	{Part: "aadsts900023", Meaning: IssuerUnknown},
	{Part: "aadsts500011", Meaning: AudienceUnknown},
	{Part: "aadsts650057", Meaning: AudienceRefused},
	{Part: "aadsts501051", Meaning: AudienceRefused},
	{Part: "aadsts65001", Meaning: ConsentMissing},
	{Part: "aadsts500131", Meaning: SubjectNotForClient},
	{Part: "aadsts500133", Meaning: SubjectEnded},
	{Part: "aadsts50013", Meaning: SubjectNotForClient}, // 50013x
	{Part: "aadsts700082", Meaning: SubjectEnded},
	{Part: "aadsts1002012", Meaning: ScopeRefused},
	{Part: "aadsts70011", Meaning: ScopeRefused},
}
