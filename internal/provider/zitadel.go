package provider

// zitadel is ZITADEL, the product. The token of a service user looks like a person's,
// and an ID token has azp but no jti.
var zitadel = Provider{
	Preset:  "zitadel",
	Product: "ZITADEL",
	Token: Token{
		Types:     []string{"jwt", "at+jwt"},
		Required:  []string{"sub", "jti"},
		Forbidden: IDTokenClaims,
		Clients:   []string{"azp", "client_id"},
		Service:   uncertain(subjectIsClient),
		Scopes:    scopeString,
		Roles:     []Roles{{Path: []string{"urn:zitadel:iam:org:project:roles"}, Names: true}},
	},
	Request:   zitadelRequest,
	Addresses: Addresses{Issuer: "https://corp.zitadel.cloud"},
	Advice:    zitadelAdvice("have {client} ask with scope=urn:zitadel:iam:org:project:id:{audience}:aud, where {audience} is the id of the project"),
}

// zitadelOIDC is a server made with the library zitadel/oidc. Its ID tokens have the
// type, the key and the audience of access tokens, and azp, but no jti.
var zitadelOIDC = Provider{
	Preset:  "zitadel-oidc",
	Product: "ZITADEL",
	Token: Token{
		Types:     []string{"jwt"},
		Required:  []string{"sub", "client_id", "jti"},
		Forbidden: append([]string{"azp"}, IDTokenClaims...),
		Clients:   []string{"client_id"},
		Service:   subjectIsClient,
		Scopes:    scopeString,
	},
	Request:   zitadelRequest,
	Addresses: Addresses{Issuer: "https://idp.example.com"},
	Advice:    zitadelAdvice("have {client} ask with the scope that the server turns into the audience {audience}, as urn:zitadel:iam:org:project:id:{audience}:aud"),
}

var zitadelRequest = Request{
	Audience: Ask{Scope: "urn:zitadel:iam:org:project:id:{audience}:aud"},
	Exchange: Ask{Parameter: "audience"},
}

func zitadelAdvice(audience string) Advice {
	return Advice{
		Audience:        audience,
		MissingAudience: `"{audience}" must be the id of a project`,
		RefusedAudience: `"{audience}" must be the id of a project that is granted to {client}`,
		Answers: []Answer{
			{Code: "invalid_client", Part: "secret", Meaning: CredentialRefused},
			{Code: "invalid_client", Part: "not found", Meaning: ClientUnknown},
		},
	}
}
