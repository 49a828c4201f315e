// Package remedy answers: what is the likely mistake, and what is there to change? Each
// command, each error of a client and each line of a server's log asks it.
//
// A [Situation] holds what is known, and [Situation.Remedy] goes by that alone: the more
// particular fact first, such as a known answer of the provider, then the error code,
// the HTTP status, the cause of a refusal. Where nothing is known it returns nothing, so
// that the provider's own words stand alone. What is particular to a provider is data of
// package provider.
//
// A remedy names things as the operator knows them: a key of the file with its line, an
// environment variable, a screen of the provider. It holds no secret and no token.
package remedy
