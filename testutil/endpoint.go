package testutil

import "strings"

// Endpoint is one address of an [Issuer]: its path below the issuer's URL.
type Endpoint string

// The endpoints of an issuer.
const (
	// Discovery is the document of OpenID Connect Discovery 1.0, section 4, also at its
	// address of RFC 8414.
	Discovery Endpoint = "/.well-known/openid-configuration"

	// JWKS is the key set of RFC 7517, section 5.
	JWKS Endpoint = "/jwks"

	// Token is the token endpoint of RFC 6749, section 3.2.
	Token Endpoint = "/token"

	// Introspection is the endpoint of RFC 7662, section 2.
	Introspection Endpoint = "/introspect"

	// Authorization is the page on which users log in (RFC 6749, section 3.1), if there
	// are any: see [Issuer.SetUsers].
	Authorization Endpoint = "/authorize"

	// EndSession is the page on which users log out (OpenID Connect RP-Initiated Logout
	// 1.0, section 2), if there are any users.
	EndSession Endpoint = "/logout"
)

// metadataPrefix precedes the issuer's path (RFC 8414, section 3.1).
const metadataPrefix = "/.well-known/oauth-authorization-server"

// endpoint returns the endpoint at path; false if there is none.
func (i *Issuer) endpoint(path string) (Endpoint, bool) {
	if path == metadataPrefix+i.path {
		return Discovery, true
	}
	rest, ok := strings.CutPrefix(path, i.path)
	switch e := Endpoint(rest); e {
	case Discovery, JWKS, Token, Introspection, Authorization, EndSession:
		return e, ok
	}
	return "", false
}

// address returns the published URL of e.
func (i *Issuer) address(e Endpoint) string {
	return i.origin + i.path + string(e)
}
