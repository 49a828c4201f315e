package tokensource

var auth0 = preset{
	name: "Auth0", own: audienceParameter,
	missingAudience: `make an API whose identifier is "{audience}", exactly`,
	refusedAudience: `authorize client "{client}" for the API "{audience}", whose identifier must be exactly that`,
}

var entra = preset{
	name: "Entra ID", own: scopeTemplate("{audience}/.default"), grant: EntraOnBehalfOf,
	missingAudience: `ask for what the API's tokens have in aud: its application id, or in v1 tokens its application id URI`,
	refusedAudience: `expose an API with the application id URI or id "{audience}", and consent to its permissions for client "{client}"`,
}

var zitadel = preset{
	name: "ZITADEL", own: scopeTemplate("urn:zitadel:iam:org:project:id:{audience}:aud"), exchange: audienceParameter,
	missingAudience: `"{audience}" must be the id of a project`,
	refusedAudience: `"{audience}" must be the id of a project that is granted to "{client}"`,
}

// presets has the names that the access matrix knows.
var presets = map[string]preset{
	"rfc9068": {
		refusedAudience: `let client "{client}" have tokens for "{audience}" at {issuer}; if the issuer wants to be asked otherwise, set ask`,
	},
	"oidc-provider": {
		name: "oidc-provider", own: resourceParameter,
		missingAudience: `getResourceServerInfo gives this resource another audience: leave audience out there`,
		refusedAudience: `let getResourceServerInfo and the client's rights allow "{client}" the resource "{audience}"`,
	},

	// In a client credentials request, Keycloak ignores the parameter audience. In
	// a token exchange, the parameter narrows the audiences that the scopes add.
	"keycloak": {
		name: "Keycloak", own: scopeTemplate("{audience}"), exchangeNarrows: true,
		missingAudience: `add an audience mapper for "{audience}" to a client scope of client "{client}"`,
		refusedAudience: `switch on standard token exchange for client "{client}", and give it a client scope with an audience mapper for "{audience}"; the subject's token must be for "{client}"`,
		refusedScope:    `create a client scope named "{audience}" with an audience mapper for "{audience}", and add it to client "{client}" as optional; or, if a default scope has the mapper, ask without the audience (ask: {parameter: nothing})`,
	},

	"auth0":         auth0,
	"auth0-rfc9068": auth0,

	// Each authorization server of Okta has one audience.
	"okta": {
		name: "Okta", own: noParameter{},
		missingAudience: `the audience belongs to the authorization server: use the one whose audience is "{audience}", or set a token URL for each audience`,
		refusedAudience: `let an access policy of the authorization server allow client "{client}" this grant`,
		refusedScope:    `ask for a scope that the authorization server has, and that a rule of its access policy allows client "{client}"`,
	},

	"entra":    entra,
	"entra-v1": entra,

	"hydra": {
		name: "Hydra", own: audienceParameter,
		missingAudience: `add "{audience}" to the audience list of client "{client}"`,
		refusedAudience: `add "{audience}" to the audience list of client "{client}"`,
		refusedScope:    `add the scope to client "{client}"`,
	},

	"zitadel":      zitadel,
	"zitadel-oidc": zitadel,

	"dex": {
		name: "Dex", own: scopeTemplate("audience:server:client_id:{audience}"),
		missingAudience: `add "{client}" to the trustedPeers of client "{audience}"`,
		refusedAudience: `add "{client}" to the trustedPeers of client "{audience}"; an exchange needs the parameter connector_id, too`,
	},

	"duende": {
		name: "Duende IdentityServer", own: resourceParameter,
		missingAudience: `make an API resource named "{audience}"`,
		refusedAudience: `make an API resource named "{audience}", with a scope that client "{client}" may ask for`,
	},

	// At PingOne and Cognito, the scopes determine the audience. Tokens of Cognito
	// have no aud.
	"pingone": {
		name: "PingOne", own: noParameter{},
		missingAudience: `ask for a scope of the custom resource whose audience is "{audience}"`,
		refusedAudience: `give client "{client}" a scope of the custom resource whose audience is "{audience}", and ask for it`,
	},
	"cognito": {
		name: "Cognito", own: noParameter{}, tokensLackAudience: true,
		refusedAudience: `allow the app client "{client}" a scope of the resource server, and ask for it by its full name`,
	},

	"google":     {name: "Google", alternative: `use NewMetadataServer with the metadata server's …/identity?audience={audience}`},
	"kubernetes": {name: "Kubernetes", alternative: "use NewFile with a projected service account token, one for each audience"},
	"spiffe":     {name: "SPIFFE", alternative: "use NewFile with a JWT-SVID that a helper keeps fresh, one for each audience"},
}
