// Package remedy names the likely mistake behind a failure, and what to change. The
// commands, the errors of a client and the lines of a server's log use it.
//
// A [Situation] has what is known, and [Situation.Remedy] uses nothing else: the more
// particular fact first, such as a known answer of the provider, then the error code,
// the HTTP status, the cause of a refusal. If nothing is known it returns nothing, so
// that only the provider's own words are shown. What is particular to a provider is data of
// package provider.
//
// A remedy names things as the operator knows them: a key of the file with its line, an
// environment variable, a screen of the provider. It has no secret and no token.
package remedy
