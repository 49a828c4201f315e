// Package audience has what handlers and operators of a guarded service read: the
// [Caller] of a call, the [Record] of who asked for a job, and the [Refusal] of a call
// with its [Cause] and [Reason].
//
//	caller, ok := audience.FromContext(ctx)
//	department, err := audience.Claim[string](caller, "department")
//
// The audience of a token is its aud claim (RFC 7519, section 4.1.3): the services that
// the token is for. One authorization server signs the tokens of a whole company, so a
// service that checks only the signature accepts tokens for every other service. Package
// access has the rules that check the audience, and the client that calls, of each token;
// package claims reads tokens, and package verifier verifies them.
package audience
