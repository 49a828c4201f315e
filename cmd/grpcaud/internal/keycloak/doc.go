// Package keycloak answers: which realm gives the clients of an access matrix
// the tokens that it lets them have, and no others? It writes such a realm, reads
// one that there is, and compares the two.
//
// An audience is a client scope with an audience mapper, which a client may ask
// for if the scope is one of its optional ones; so is a permission, without a
// mapper. Nothing else puts an audience into a token.
package keycloak
