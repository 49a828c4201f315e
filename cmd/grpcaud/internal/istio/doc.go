// Package istio writes a plan for Istio: for each service a RequestAuthentication, which
// verifies tokens, an AuthorizationPolicy that refuses tokens of other kinds, and one that
// admits what the matrix allows and nothing else.
package istio
