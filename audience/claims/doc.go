// Package claims reads what a token says. A [Preset] knows how one kind of authorization
// server writes its access tokens: which claims hold the client, the scopes and the roles,
// and what distinguishes an access token from the other tokens of the same key.
//
//	preset, ok := claims.LookupPreset("keycloak")
//	c, err := preset.Claims(payload) // of a token whose signature was verified
//
// Reading is strict: names are matched exactly, no name may occur twice, and each value
// must have the type that its specification gives. Package access decides whether a call
// with the token is admitted.
package claims
