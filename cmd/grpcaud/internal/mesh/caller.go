package mesh

import "strings"

// itself returns the conditions under which a token of client is its own, and
// those under which it is a user's, as far as claims tell; false if they do not.
// An empty client is any.
func (i Issuer) itself(client string) (services, users All, ok bool) {
	switch i.preset.Name {
	case "keycloak":
		users = All{has("sub"), has("sid"), lacks("client_id")}
		return All{is([]string{"service-account-" + strings.ToLower(client)}, "preferred_username"), lacks("sid")}, users, client != ""
	case "auth0", "auth0-rfc9068":
		return All{is([]string{client + "@clients"}, "sub")}, All{}, client != ""
	case "okta":
		return All{lacks("uid")}, All{has("uid")}, true
	case "cognito":
		return All{lacks("username")}, All{has("username")}, true
	case "entra", "entra-v1":
		return All{lacks("scp"), {Claim: []string{"idtyp"}, Values: []string{"app"}, Absent: true}}, All{has("scp")}, true
	case "google", "kubernetes", "spiffe":
		return All{}, nil, true
	case "zitadel", "dex":
		return nil, nil, false
	}
	return All{is([]string{client}, "sub"), lacks("sid"), lacks("auth_time")}, All{}, client != ""
}

// role returns the claim that holds a role, and the role there; no value for a
// claim that has to be there; no claim if the issuer's tokens hold no roles.
func (i Issuer) role(name string) (claim []string, value string) {
	switch i.preset.Name {
	case "keycloak":
		if client, role, ok := strings.Cut(name, "/"); ok {
			return []string{"resource_access", client, "roles"}, role
		}
		return []string{"realm_access", "roles"}, name
	case "rfc9068", "oidc-provider", "entra", "entra-v1":
		return []string{"roles"}, name
	case "auth0", "auth0-rfc9068":
		return []string{"permissions"}, name
	case "cognito":
		return []string{"cognito:groups"}, name
	case "dex":
		return []string{"groups"}, name
	case "zitadel":
		return []string{"urn:zitadel:iam:org:project:roles", name}, ""
	}
	return nil, ""
}
