package keycloak

import (
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
)

// The attributes of clients.
const (
	exchange    = "standard.token.exchange.enabled"
	device      = "oauth2.device.authorization.grant.enabled"
	backchannel = "oidc.ciba.grant.enabled"
	keysURL     = "jwks.url"
)

// addClient adds a client of the matrix, with the scopes that it may request.
func (e *exporter) addClient(name string) {
	from := e.matrix.Clients[name]
	client := &Client{
		ID: from.ID, Description: "The client " + name, Enabled: true, Protocol: openID, ServiceAccount: true,
		Attributes: map[string]string{}, Default: e.defaults(), Optional: e.requestedScopes(name),
	}
	e.authenticate(name, client, from)
	if e.isCallee(from.ID) && len(client.Optional) > 0 {
		client.Attributes[exchange] = "true"
	}
	e.clients[from.ID] = client
}

func (e *exporter) isCallee(id string) bool {
	return slices.ContainsFunc(e.callees, func(c callee) bool { return c.audience == id })
}

// requestedScopes are the scopes that a client requests.
func (e *exporter) requestedScopes(client string) []string {
	scopes := append([]string{}, e.optional[client]...)
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

// reserved reports whether a scope of that name exists that is no permission.
func (e *exporter) reserved(name string) bool {
	s, ok := e.scopes[name]
	return ok && s.Attributes[inScopeClaim] == "false"
}

// authenticate sets how a client authenticates.
func (e *exporter) authenticate(name string, client *Client, from access.Client) {
	client.Authenticator = "client-secret"
	switch {
	case from.PrivateKey != (access.KeyRef{}):
		client.Authenticator = "client-jwt"
		client.Attributes["use.jwks.url"] = "true"
		client.Attributes[keysURL] = "https://example.invalid/jwks.json"
		if alg := from.PrivateKey.Algorithm; alg != "" {
			client.Attributes["token.endpoint.auth.signing.alg"] = alg
		}
		e.note("the public key of client %q: put the address of its key set into %s, or import its certificate", name, keysURL)
	case from.Certificate != (access.CertificateRef{}):
		client.Authenticator = "client-x509"
		client.Attributes["x509.subjectdn"] = "CN=" + from.ID
		client.Attributes["x509.allow.regex.pattern.comparison"] = "false"
		client.Attributes["tls.client.certificate.bound.access.tokens"] = "true"
		e.note("the subject of the certificate of client %q: CN=%s is assumed; write the right one into x509.subjectdn", name, from.ID)
	case from.Assertion != "":
		e.note("the issuer of the assertions of client %q: link its identity provider, and set the client's authenticator", name)
	case len(from.TokenFiles) > 0:
		e.note("where client %q has its tokens from: it asks Keycloak for none", name)
	}
}

// The client scopes that every client has by default, since tokens of preset keycloak need
// their claims.
const (
	basicScope  = "basic"
	callerScope = "caller"
	loginScope  = "login"
	rolesScope  = "realm-roles"
)

// everyClients are the names of these scopes. No audience may have one of them: all tokens
// would be for it.
var everyClients = []string{basicScope, callerScope, loginScope, rolesScope}

// addScopes adds the scopes of every client, and those that rules demand.
func (e *exporter) addScopes() {
	e.scopes[basicScope] = scope(basicScope, "Whom the token is about", false,
		mapper("sub", mapsSubject),
		claim("auth_time", mapsNote, "user.session.note", "AUTH_TIME", "jsonType.label", "long"))
	e.scopes[callerScope] = scope(callerScope, "Whether a client calls as itself", false,
		claim("client_id", mapsNote, "user.session.note", "client_id"),
		claim("preferred_username", mapsAttribute, "user.attribute", "username"))
	if e.demandsLogin() {
		e.scopes[loginScope] = scope(loginScope, "How the user logged in", false, mapper("acr", mapsACR))
	}
	if len(e.roles) > 0 {
		e.scopes[rolesScope] = scope(rolesScope, "The roles of the realm that services ask for", false,
			claim("realm_access.roles", mapsRoles, "multivalued", "true"))
	}
	for _, c := range e.callees {
		for _, entry := range c.demands() {
			for _, name := range permissions(entry) {
				e.addPermission(name, c.name)
			}
		}
	}
}

func (e *exporter) demandsLogin() bool {
	return slices.ContainsFunc(e.callees, func(c callee) bool {
		return slices.ContainsFunc(c.demands(), func(a access.Allow) bool { return len(a.ACR) > 0 })
	})
}

// addPermission adds a scope, unless one of that name stands for an audience or belongs to
// every client.
func (e *exporter) addPermission(name, service string) {
	if e.reserved(name) {
		e.note("scope %q, which service %q demands: a client scope of that name is there for another purpose", name, service)
		return
	}
	e.scopes[name] = scope(name, "A permission at "+service, true)
}

// defaults are the scopes of every client.
func (e *exporter) defaults() []string {
	var all []string
	for _, name := range everyClients {
		if e.reserved(name) {
			all = append(all, name)
		}
	}
	return all
}
