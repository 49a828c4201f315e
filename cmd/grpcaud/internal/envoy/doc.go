// Package envoy writes a plan for Envoy: the filters that verify tokens and then
// refuse what no rule admits, alone or in a whole configuration.
//
// The filters stand in this order: one refuses calls whose authorization is not
// what one token comes in; jwt_authn verifies the token and keeps its payload and
// header aside; one refuses tokens that are no access tokens of their issuer, or
// whose members have other types than they must; one admits those that are alive;
// the last admits what the matrix allows, and nothing else. docs/envoy.md lists what
// none of them can express.
package envoy
