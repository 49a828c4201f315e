// Package envoy writes a plan for Envoy: the filters that verify tokens and then refuse what
// no rule admits, alone or in a whole configuration.
//
// The filters are in this order: the first refuses calls whose authorization does not have
// the form of one token; jwt_authn verifies the token and keeps its payload and header; the
// next refuses tokens that are no access tokens of their issuer, or have members of wrong
// types; the next admits tokens within their lifetime; the last admits what the matrix
// allows and nothing else. docs/envoy.md lists what none of them can express.
package envoy
