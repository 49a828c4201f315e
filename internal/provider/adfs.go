package provider

// adfs is AD FS of Windows Server 2016 and later. The iss of its access tokens differs
// from the issuer in its metadata, which is the issuer of its ID tokens. The access
// tokens have no sub unless a rule adds one. Their auth_time is a text. Nothing in
// them distinguishes an application from a user.
var adfs = Provider{
	Preset:  "adfs",
	Product: "AD FS",
	Page:    "adfs.md",
	Token: Token{
		Types:           []string{"jwt"},
		Required:        []string{"appid", "apptype"},
		Values:          map[string]string{"ver": "1.0"},
		Forbidden:       IDTokenClaims,
		SubjectOptional: true,
		Clients:         []string{"appid"},
		Service:         uncertain(Service{AnyOf: [][]Condition{{{Claim: "sub", Value: Client}}}}),
		Scopes:          []string{"scp"},
		Roles:           rolesIn("roles"),
	},
	Request:   Request{Audience: Ask{Parameter: "resource"}, OnBehalfOf: true},
	Addresses: Addresses{Issuer: "http://sts.example.com/adfs/services/trust", Shapes: []string{"{host}/adfs/services/trust"}},
	Advice: Advice{
		Audience:        "have {client} ask with resource={audience}, the identifier of the Web API; if that is no URI, aud is microsoft:identityserver: and the identifier",
		MissingAudience: `give the Web API of the application group the identifier "{audience}"`,
		RefusedAudience: `permit {client} the Web API "{audience}": Client Permissions of the application group, or Grant-AdfsApplicationPermission`,
		MissingSubject:  "AD FS writes no sub into access tokens: add an issuance transform rule to the Web API that issues one",
	},
}
