// Package keycloak answers: which realm gives the clients of an access matrix the tokens
// that it allows, and no others? It writes such a realm, reads an existing one, and
// compares the two.
//
// An audience is a client scope with an audience mapper, which a client can request if the
// scope is one of its optional ones. A permission is the same without a mapper. Nothing
// else puts an audience into a token.
package keycloak
