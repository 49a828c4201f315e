package claims

import (
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/jsonvalue"
)

// idTokenClaims are what ID tokens and logout tokens carry, and access tokens
// of most issuers do not (OpenID Connect Core, section 2; OpenID Connect
// Back-Channel Logout, section 2.4).
var idTokenClaims = []string{"nonce", "at_hash", "c_hash", "events"}

// scopeString is the claim of RFC 8693, section 4.2.
var scopeString = []string{"scope"}

var presets = map[string]Preset{
	// The JWT profile for access tokens, to the letter: RFC 9068, sections 2.2
	// and 4. Also for PingOne and Glewlwyd in their newer forms.
	DefaultPreset:   profile,
	"oidc-provider": profile,

	// Keycloak types the payload, not the header, unless the client asks for
	// at+jwt. Its lightweight tokens leave sub out.
	"keycloak": {
		types: []string{"jwt", "at+jwt", ""}, callers: []string{"azp", "client_id"}, itself: isServiceAccount, account: hasServiceAccount, nameless: true,
		payload: map[string]string{"typ": "Bearer"}, forbidden: idTokenClaims,
		scopes: scopeString, roles: keycloakRoles,
	},

	"auth0": {
		types: []string{"jwt"}, callers: []string{"azp", "client_id"}, itself: isAuth0Client, account: endsLikeAuth0Client,
		required: []string{"sub", "azp"}, forbidden: idTokenClaims,
		scopes: scopeString, roles: rolesIn("permissions"),
	},
	"auth0-rfc9068": {
		types: []string{"at+jwt"}, callers: []string{"client_id"}, itself: isAuth0Client, account: endsLikeAuth0Client,
		required: profile.required, scopes: scopeString, roles: rolesIn("permissions"),
	},

	// A custom authorization server of Okta: the tokens of the organization's
	// own are not meant for others to read.
	"okta": {
		types: []string{"", "jwt", "at+jwt", "okta-internal-at+jwt"}, callers: []string{"cid"}, itself: without("uid"),
		required: []string{"sub", "cid"}, forbidden: idTokenClaims,
		scopes: []string{"scp"}, scopeLists: true,
	},

	// Entra gives every client of the tenant a token for every service. Only
	// tokens of users have scp. An ID token has no azp and no appid.
	"entra": {
		types: []string{"jwt"}, callers: []string{"azp"}, itself: isEntraApp, anyAudience: true,
		required: []string{"sub", "azp"}, payload: map[string]string{"ver": "2.0"}, forbidden: idTokenClaims,
		scopes: []string{"scp"}, roles: rolesIn("roles"),
	},
	"entra-v1": {
		types: []string{"jwt"}, callers: []string{"appid"}, itself: isEntraApp, anyAudience: true,
		required: []string{"sub", "appid"}, payload: map[string]string{"ver": "1.0"}, forbidden: idTokenClaims,
		scopes: []string{"scp"}, roles: rolesIn("roles"),
	},

	// Ory Hydra with the JWT strategy.
	"hydra": {
		types: []string{"jwt", "at+jwt"}, callers: []string{"client_id"}, itself: isClient,
		required: []string{"sub", "client_id", "jti"}, forbidden: idTokenClaims,
		scopes: []string{"scp", "scope"}, scopeLists: true,
	},

	// ZITADEL, the product. The token of a service user looks like a person's,
	// and an ID token has azp but no jti.
	"zitadel": {
		types: []string{"jwt", "at+jwt"}, callers: []string{"azp", "client_id"}, itself: isClient, blind: true,
		required: []string{"sub", "jti"}, forbidden: idTokenClaims,
		scopes: scopeString, roles: func(r *reader) []string { return r.keys("urn:zitadel:iam:org:project:roles") },
	},
	// A server made with the library zitadel/oidc. Its ID tokens have the type,
	// the key and the audience of access tokens, and azp, but no jti.
	"zitadel-oidc": {
		types: []string{"jwt"}, callers: []string{"client_id"}, itself: isClient,
		required: []string{"sub", "client_id", "jti"}, forbidden: append([]string{"azp"}, idTokenClaims...),
		scopes: scopeString,
	},

	// Google's ID tokens of service accounts, which are what its services call
	// each other with. Everyone can get one for every audience.
	"google": {
		types: []string{"jwt"}, callers: []string{"sub"}, itself: always, anyAudience: true,
		required: []string{"sub"}, forbidden: idTokenClaims,
		aliases: map[string]string{"accounts.google.com": "https://accounts.google.com"},
	},

	// Amazon Cognito: access tokens of clients as themselves have no aud.
	"cognito": {
		types: []string{""}, callers: []string{"client_id"}, itself: without("username"), noAudience: true,
		required: []string{"sub", "client_id"}, payload: map[string]string{"token_use": "access"}, forbidden: idTokenClaims,
		scopes: scopeString, roles: rolesIn("cognito:groups"),
	},

	"pingone": {
		types: []string{"at+jwt", "jwt", ""}, callers: []string{"client_id"}, itself: isClient,
		required: []string{"client_id"}, forbidden: idTokenClaims,
		scopes: scopeString,
	},

	// Duende IdentityServer: at+jwt, but a client as itself has no sub.
	"duende": {
		types: []string{"at+jwt"}, callers: []string{"client_id"}, itself: isClient,
		required: []string{"client_id"},
		scopes:   scopeString, scopeLists: true,
	},

	// Dex: an access token is an ID token by all that can be seen, at_hash and
	// nonce included, so that aud and clients alone protect a service. azp is
	// there when aud has several values; else aud is the caller.
	"dex": {
		types: []string{""}, callers: []string{"azp"}, audienceCalls: true, itself: isClient, blind: true,
		required: []string{"sub"}, forbidden: []string{"events"},
		roles: rolesIn("groups"),
	},

	// JWT-SVIDs: SPIFFE, JWT-SVID, sections 2 and 3. Every workload can name
	// every audience.
	"spiffe": {
		types: []string{"", "jwt", "jose"}, callers: []string{"sub"}, itself: always, anyAudience: true,
		required: []string{"sub"}, subject: "spiffe://", forbidden: idTokenClaims,
	},
	// Tokens of Kubernetes service accounts, projected or by TokenRequest.
	"kubernetes": {
		types: []string{""}, callers: []string{"sub"}, itself: always, anyAudience: true,
		required: []string{"sub"}, subject: "system:serviceaccount:", forbidden: idTokenClaims,
	},
}

var profile = Preset{
	types: []string{"at+jwt"}, callers: []string{"client_id"}, itself: isClient,
	required: []string{"sub", "client_id", "iat", "jti"},
	scopes:   scopeString, roles: scimRoles,
}

// isClient goes by RFC 9068, section 2.2: the subject of a client that calls as
// itself is the client, or missing. A user may bear the name of a client (RFC
// 9700, section 4.15), but only a user logs in.
func isClient(r *reader, client, subject string) bool {
	return subject == "" || subject == client && !r.login()
}

// isServiceAccount knows Keycloak's account of a client by its name. A user
// could have registered under that name: a user has a session, and no
// client_id, which Keycloak writes for clients alone. A lightweight token lacks
// sub, and often all of these: it speaks for nobody then, since a user's may.
func isServiceAccount(r *reader, client, subject string) bool {
	named := r.is("preferred_username", "service-account-"+strings.ToLower(client))
	switch {
	case client == "":
		return false
	case named, subject == "":
		return r.has("client_id") || named && !r.has("sid")
	}
	return subject == client && !r.login()
}

// hasServiceAccount knows Keycloak's accounts of clients by how their names begin.
func hasServiceAccount(r *reader, _, _ string) bool {
	name, _ := r.members["preferred_username"].(string)
	return strings.HasPrefix(name, "service-account-")
}

// endsLikeAuth0Client knows the subjects of clients by how they end.
func endsLikeAuth0Client(_ *reader, _, subject string) bool {
	return strings.HasSuffix(subject, "@clients")
}

// isAuth0Client goes by the subject; those of users begin with where they come
// from, and a bar.
func isAuth0Client(_ *reader, client, subject string) bool { return subject == client+"@clients" }

// isEntraApp goes by scp, which is what a user has granted to the client, and
// by idtyp, which an application may ask for.
func isEntraApp(r *reader, _, _ string) bool { return !r.has("scp") && !r.is("idtyp", "user") }

func always(*reader, string, string) bool { return true }

// without knows a client by the lack of a claim that all users have.
func without(user string) marker {
	return func(r *reader, _, _ string) bool { return !r.has(user) }
}

// rolesIn reads an array of strings.
func rolesIn(name string) func(*reader) []string {
	return func(r *reader) []string { return r.list(name) }
}

// scimRoles reads roles as RFC 9068, section 2.2.3.1, has them: strings, or
// objects that hold one as their value (RFC 7643, section 2.4).
func scimRoles(r *reader) []string {
	v, ok := r.members["roles"]
	list, isList := v.([]any)
	if ok && !isList {
		r.fail("roles", "an array")
	}
	var roles []string
	for _, v := range list {
		if object, ok := v.(map[string]any); ok {
			v = object["value"]
		}
		role, err := plain(v)
		if err != nil {
			r.fail("roles", "an array, each role "+err.Error())
		}
		roles = append(roles, role)
	}
	return roles
}

// keycloakRoles reads the roles of the realm by their names, and those of a
// client as client/role. What could be taken for another is left out: a client,
// or a role of the realm, with a slash in its name.
func keycloakRoles(r *reader) []string {
	var roles []string
	add := func(claim, prefix string, access any) {
		object, _ := access.(map[string]any)
		names, ok := jsonvalue.Strings(object["roles"])
		if !ok {
			r.fail(claim, "an object with an array of roles")
		}
		for _, name := range names {
			if prefix != "" || !strings.Contains(name, "/") {
				roles = append(roles, prefix+name)
			}
		}
	}
	if access, ok := r.members["realm_access"]; ok {
		add("realm_access", "", access)
	}
	for client, access := range r.object("resource_access") {
		if !strings.Contains(client, "/") {
			add("resource_access", client+"/", access)
		}
	}
	slices.Sort(roles)
	return roles
}
