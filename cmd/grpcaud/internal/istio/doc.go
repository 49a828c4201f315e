// Package istio writes a plan for Istio: for each service a RequestAuthentication,
// which verifies tokens, an AuthorizationPolicy that refuses those that are no
// access tokens of their issuer, and one that admits what the matrix allows, and
// nothing else.
package istio
