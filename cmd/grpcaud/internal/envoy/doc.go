// Package envoy writes a plan for Envoy: the filters that verify tokens and then
// refuse what no rule admits, alone or in a whole configuration.
//
// The filters stand in this order: one refuses calls with two authorization
// values; jwt_authn verifies the token and keeps its payload and header aside; one
// refuses tokens that are no access tokens of their issuer; the last admits what
// the matrix allows, and nothing else.
package envoy
