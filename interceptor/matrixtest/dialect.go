package matrixtest

import (
	"encoding/base64"
	"maps"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// dialect says how the tokens of a preset are written.
type dialect struct {
	typ     string // the header; empty for none
	client  string // the claim that names the client; empty for none
	scopes  string // the claim that lists the scopes; empty for none
	granted bool   // users grant scopes, so that a service that calls as itself has none
	oneKind bool   // all tokens are of services, or all of users
	roles   func(roles []string) testutil.Claims
	subject string                 // what follows the id in sub if a service calls as itself
	service func(id string) string // the sub of such a service; nil for the id
	user    testutil.Claims        // in the tokens of users only
	always  testutil.Claims

	custom *access.Dialect // which says all this instead, in the matrix
}

// dialects has the dialect of each preset. On purpose it repeats what internal/provider
// knows: an oracle that shared the guard's table would share its mistakes. A test holds
// that no preset is missing.
var dialects = map[string]dialect{
	"rfc9068":       {typ: "at+jwt", client: "client_id", scopes: "scope", roles: in("roles")},
	"oidc-provider": {typ: "at+jwt", client: "client_id", scopes: "scope", roles: in("roles")},
	"keycloak":      {typ: "JWT", client: "azp", scopes: "scope", roles: keycloakRoles, always: testutil.Claims{"typ": "Bearer"}},
	"auth0":         {typ: "JWT", client: "azp", scopes: "scope", roles: in("permissions"), subject: "@clients"},
	"auth0-rfc9068": {typ: "at+jwt", client: "client_id", scopes: "scope", roles: in("permissions"), subject: "@clients"},
	"okta":          {typ: "JWT", client: "cid", scopes: "scp", user: testutil.Claims{"uid": "alice"}},
	"entra":         {typ: "JWT", client: "azp", scopes: "scp", roles: in("roles"), granted: true, user: testutil.Claims{"idtyp": "user"}, always: testutil.Claims{"ver": "2.0"}},
	"entra-v1":      {typ: "JWT", client: "appid", scopes: "scp", roles: in("roles"), granted: true, user: testutil.Claims{"idtyp": "user"}, always: testutil.Claims{"ver": "1.0"}},
	"hydra":         {typ: "JWT", client: "client_id", scopes: "scp"},
	"zitadel":       {typ: "JWT", client: "azp", scopes: "scope", roles: zitadelRoles},
	"zitadel-oidc":  {typ: "JWT", client: "client_id", scopes: "scope"},
	"google":        {typ: "JWT", client: "sub", always: testutil.Claims{"email_verified": true}},
	"cognito":       {client: "client_id", scopes: "scope", roles: in("cognito:groups"), user: testutil.Claims{"username": "alice"}, always: testutil.Claims{"token_use": "access"}},
	"pingone":       {typ: "at+jwt", client: "client_id", scopes: "scope"},
	"duende":        {typ: "at+jwt", client: "client_id", scopes: "scope"},
	"dex":           {client: "azp", roles: in("groups"), service: dexSubject},
	"spiffe":        {typ: "JWT", client: "sub"},
	"kubernetes":    {client: "sub"},

	"spring":         {client: "client_id", scopes: "scope", roles: in("roles")},
	"authentik":      {typ: "JWT", client: "azp", scopes: "scope", roles: in("groups"), always: testutil.Claims{"uid": "u-1"}},
	"logto":          {typ: "at+jwt", client: "client_id", scopes: "scope"},
	"adfs":           {typ: "JWT", client: "appid", scopes: "scp", roles: in("roles"), always: testutil.Claims{"ver": "1.0", "apptype": "Confidential"}},
	"azure-b2c":      {typ: "JWT", client: "azp", scopes: "scp", always: testutil.Claims{"ver": "1.0", "scp": "openid"}},
	"firebase":       {typ: "JWT", roles: in("roles"), oneKind: true, always: testutil.Claims{"user_id": "alice", "firebase": testutil.Claims{"sign_in_provider": "password"}}},
	"supabase":       {typ: "JWT", client: "client_id", scopes: "scope", roles: supabaseRoles, oneKind: true, always: testutil.Claims{"role": "authenticated", "aal": "aal1", "session_id": "s-1"}},
	"github-actions": {typ: "JWT", client: "repository", oneKind: true},
	"gitlab":         {typ: "JWT", client: "project_path", oneKind: true, always: testutil.Claims{"job_id": "1"}},
	"vault":          {client: "sub", always: testutil.Claims{"namespace": "root"}},
}

// tellsKinds reports whether the dialect can write tok for the other kind of caller as
// well. A caller that is named by the subject alone is always a service.
func (d dialect) tellsKinds(tok token) bool {
	if d.custom != nil {
		return len(d.custom.Services) > 0 && !d.custom.UncertainServices
	}
	return d.client != "sub" && !d.oneKind && (!d.granted || len(tok.scopes) == 0)
}

func in(claim string) func([]string) testutil.Claims {
	return func(roles []string) testutil.Claims { return testutil.Claims{claim: roles} }
}

func supabaseRoles(roles []string) testutil.Claims {
	return testutil.Claims{"app_metadata": testutil.Claims{"roles": roles}}
}

// dexSubject is a protobuf message with the id as its only field.
func dexSubject(id string) string {
	return base64.RawURLEncoding.EncodeToString(append([]byte{'\n', byte(len(id))}, id...)) // ids have fewer than 128 bytes
}

func zitadelRoles(roles []string) testutil.Claims {
	held := map[string]any{}
	for _, role := range roles {
		held[role] = map[string]string{"1": "acme.example"}
	}
	return testutil.Claims{"urn:zitadel:iam:org:project:roles": held}
}

// keycloakRoles separates the roles of clients, client/role, from those of the realm.
func keycloakRoles(roles []string) testutil.Claims {
	type held struct {
		Roles []string `json:"roles"`
	}
	realm, clients := held{Roles: []string{}}, map[string]held{}
	for _, role := range roles {
		client, name, ok := strings.Cut(role, "/")
		if ok {
			clients[client] = held{append(clients[client].Roles, name)}
		} else {
			realm.Roles = append(realm.Roles, role)
		}
	}
	return testutil.Claims{"realm_access": realm, "resource_access": clients}
}

// write writes the claims that differ from preset to preset.
func (d dialect) write(c testutil.Claims, tok token) {
	c["sub"], c["aud"] = tok.id+d.subject, tok.audience
	if d.service != nil {
		c["sub"] = d.service(tok.id)
	}
	maps.Copy(c, d.always)
	if tok.user {
		c["sub"] = "alice"
		maps.Copy(c, d.user)
	}
	if d.client != "" {
		c[d.client] = tok.id
	}
	if d.scopes != "" && len(tok.scopes) > 0 {
		c[d.scopes] = strings.Join(tok.scopes, " ")
	}
	if d.roles != nil && len(tok.roles) > 0 {
		maps.Copy(c, d.roles(tok.roles))
	}
}

// claims returns the claims of a token.
func (d dialect) claims(tok token) testutil.Claims {
	c := testutil.Claims{}
	if d.custom != nil {
		c = customClaims(*d.custom, tok)
	} else {
		d.write(c, tok)
	}
	if tok.login {
		c["auth_time"] = tok.now.Unix()
	}
	if tok.acr != "" {
		c["acr"] = tok.acr
	}
	for name, value := range tok.claims {
		c[name] = value
	}
	return c
}
