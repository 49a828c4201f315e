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

// addClient adds a client of the matrix, with the scopes that it may ask for.
func (e *exporter) addClient(name string) {
	from := e.matrix.Clients[name]
	client := &Client{
		ID: from.ID, Description: "The client " + name, Enabled: true, Protocol: openID, ServiceAccount: true,
		Attributes: map[string]string{}, Default: e.defaults(), Optional: e.scopesOf(name),
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

// scopesOf are those that a client asks for.
func (e *exporter) scopesOf(client string) []string {
	scopes := append([]string{}, e.optional[client]...)
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

// taken reports whether there is a scope of that name that is no permission.
func (e *exporter) taken(name string) bool {
	s, ok := e.scopes[name]
	return ok && s.Attributes[shown] == "false"
}

// authenticate says how a client proves who it is.
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
		e.note("the subject of the certificate of client %q: CN=%s is a guess; put it into x509.subjectdn", name, from.ID)
	case from.Assertion != "":
		e.note("the issuer of the assertions of client %q: link its identity provider, and set the client's authenticator", name)
	case len(from.TokenFiles) > 0:
		e.note("where client %q has its tokens from: it asks Keycloak for none", name)
	}
}

// The client scopes that every client has by default: what the tokens of a client
// of preset keycloak must hold.
const (
	basicScope  = "basic"
	callerScope = "caller"
	loginScope  = "login"
	rolesScope  = "realm-roles"
)

// everyClients are the names of these scopes, which no audience may have: all
// tokens would be for it.
var everyClients = []string{basicScope, callerScope, loginScope, rolesScope}

// addScopes adds the scopes that every client has, and those that rules demand.
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
		for _, entry := range c.all() {
			for _, name := range permissions(entry) {
				e.addPermission(name, c.name)
			}
		}
	}
}

func (e *exporter) demandsLogin() bool {
	return slices.ContainsFunc(e.callees, func(c callee) bool {
		return slices.ContainsFunc(c.all(), func(a access.Allow) bool { return len(a.ACR) > 0 })
	})
}

// addPermission adds the scope of that name. One that stands for an audience, or
// that every client has, is no permission.
func (e *exporter) addPermission(name, service string) {
	if e.taken(name) {
		e.note("scope %q, which service %q demands: a client scope of that name is there for another purpose", name, service)
		return
	}
	e.scopes[name] = scope(name, "A permission at "+service, true)
}

// defaults are the scopes that every client has.
func (e *exporter) defaults() []string {
	var all []string
	for _, name := range everyClients {
		if e.taken(name) {
			all = append(all, name)
		}
	}
	return all
}
