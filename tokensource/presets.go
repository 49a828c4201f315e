package tokensource

var auth0 = preset{
	name: "Auth0", own: ByAudience(),
	mapper: `make an API whose identifier is "{audience}", to the letter`,
	target: `authorize client "{client}" for the API "{audience}", whose identifier must be that to the letter`,
}

var entra = preset{
	name: "Entra ID", own: ByScope("{audience}/.default"), grant: EntraOnBehalfOf,
	mapper: `ask for what the API's tokens have in aud: its application id, or in v1 tokens its application id URI`,
	target: `expose an API with the application id URI or id "{audience}", and consent to its permissions for client "{client}"`,
}

var zitadel = preset{
	name: "ZITADEL", own: ByScope("urn:zitadel:iam:org:project:id:{audience}:aud"), exchanged: ByAudience(),
	mapper: `"{audience}" must be the id of a project`,
	target: `"{audience}" must be the id of a project that is granted to "{client}"`,
}

// presets has the names that audience.Presets lists.
var presets = map[string]preset{
	"rfc9068": {
		target: `let client "{client}" have tokens for "{audience}" at {issuer}; if the issuer wants to be asked otherwise, set ask`,
	},
	"oidc-provider": {
		name: "oidc-provider", own: ByResource(),
		mapper: `getResourceServerInfo gives this resource another audience: leave audience out there`,
		target: `let getResourceServerInfo and the client's rights allow "{client}" the resource "{audience}"`,
	},

	// Keycloak looks at no parameter in a client credentials request. In an
	// exchange it narrows by audience what the scopes bring.
	"keycloak": {
		name: "Keycloak", own: ByScope("{audience}"), narrowed: true,
		mapper: `add an audience mapper for "{audience}" to a client scope of client "{client}"`,
		target: `switch on standard token exchange for client "{client}", and give it a client scope with an audience mapper for "{audience}"; the subject's token must be for "{client}"`,
		scope:  `create a client scope named "{audience}" with an audience mapper for "{audience}", and add it to client "{client}" as optional; or, if a default scope has the mapper, set Ask(ByNothing())`,
	},

	"auth0":         auth0,
	"auth0-rfc9068": auth0,

	// An authorization server of Okta has one audience.
	"okta": {
		name: "Okta", own: ByNothing(),
		mapper: `the audience belongs to the authorization server: use the one whose audience is "{audience}", or Ask(ByTokenURL(…))`,
		target: `let an access policy of the authorization server allow client "{client}" this grant`,
		scope:  `ask for a scope that the authorization server has, and that a rule of its access policy allows client "{client}"`,
	},

	"entra":    entra,
	"entra-v1": entra,

	"hydra": {
		name: "Hydra", own: ByAudience(),
		mapper: `add "{audience}" to the audience list of client "{client}"`,
		target: `add "{audience}" to the audience list of client "{client}"`,
		scope:  `add the scope to client "{client}"`,
	},

	"zitadel":      zitadel,
	"zitadel-oidc": zitadel,

	"dex": {
		name: "Dex", own: ByScope("audience:server:client_id:{audience}"),
		mapper: `add "{client}" to the trustedPeers of client "{audience}"`,
		target: `add "{client}" to the trustedPeers of client "{audience}"; an exchange wants Parameter("connector_id", …) too`,
	},

	"duende": {
		name: "Duende IdentityServer", own: ByResource(),
		mapper: `make an API resource named "{audience}"`,
		target: `make an API resource named "{audience}", with a scope that client "{client}" may ask for`,
	},

	// Scopes alone choose the audience. Cognito writes it into no token.
	"pingone": {
		name: "PingOne", own: ByNothing(),
		mapper: `ask for a scope of the custom resource whose audience is "{audience}"`,
		target: `give client "{client}" a scope of the custom resource whose audience is "{audience}", and ask for it`,
	},
	"cognito": {
		name: "Cognito", own: ByNothing(), bare: true,
		target: `allow the app client "{client}" a scope of the resource server, and ask for it by its full name`,
	},

	"google":     {name: "Google", instead: `use NewMetadata with the metadata server's …/identity?audience={audience}`},
	"kubernetes": {name: "Kubernetes", instead: "use NewFile with a projected service account token, one for each audience"},
	"spiffe":     {name: "SPIFFE", instead: "use NewFile with a JWT-SVID that a helper keeps fresh, one for each audience"},
}
