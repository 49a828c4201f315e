package provider

// firebase is Firebase Authentication. Apps call their services with the ID token of a
// user. aud is the project, at each of its services. No client is named, and no token
// is a service's own.
var firebase = Provider{
	Preset:  "firebase",
	Product: "Firebase",
	Page:    "firebase.md",
	Token: Token{
		Types:        []string{"jwt"},
		Required:     []string{"sub", "user_id", "firebase"},
		Forbidden:    IDTokenClaims,
		CallerClaims: []CallerClaim{{Claim: "sub"}, {Claim: "email", VerifiedBy: "email_verified"}},
		Service:      without("firebase"),
		Roles:        rolesIn("roles"),
	},
	Request: Request{Alternative: "a program has the ID token from the user's login: have it write one to a file for each service, and name the files under token_files"},
	Addresses: Addresses{
		Issuer: "https://securetoken.google.com/PROJECT", Shapes: []string{"securetoken.google.com/{project}"}, IssuerPrefixes: []string{"https://securetoken.google.com/"},
		KeysURL: "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
		Hosts:   []string{"www.googleapis.com"},
	},
	Advice: Advice{
		Audience:    "the audience of a Firebase token is the id of the project: write that as the audience of the service",
		OtherIssuer: "each Firebase project is an issuer, https://securetoken.google.com/PROJECT: name the one whose users call",
	},
}
