// Package verifier answers one question: is this token genuine? It tells
// whether an issuer of ours signed it, and hands out what the token says; for
// whom the token is and what its bearer may do is judged by package audience.
//
//	v, err := verifier.New(guard.Issuers())        // no network I/O
//	defer v.Close()
//	rule := guard.Rule(method)
//	claims, now, err := v.VerifyFor(ctx, raw, rule, time.Now()) // fetches keys when it needs them
//	err = rule.Judge(claims, access.Presentation{Time: now, Certificate: thumbprint})
//
// The signature is checked by go-oidc and go-jose. Before them stands a strict
// reading of the token's form and header, around them a key set that fetches
// seldom and never without bound, and behind them a strict reading of the
// claims, which is the only way in which claims leave this package.
//
// Keys come from the issuer, which OpenID Connect Discovery or RFC 8414 finds,
// from a file that is watched, or from [StaticKeys]. An issuer of opaque tokens
// is asked about each of them instead (RFC 7662), and its answer is read as
// strictly as a token and kept for [IntrospectionTTL]. [Verifier.Ready] and
// [Verifier.Stats] say how the issuers stand.
//
// What cannot be found out is not held against the token: if the issuer's keys
// cannot be had, the refusal is [audience.CauseKeysUnavailable], which gRPC
// reports as UNAVAILABLE, and not that the token is bad; likewise
// [audience.CauseIntrospectionUnavailable]. A call is told so a moment before its
// deadline. What is known is told at once: that a key was dropped, that the token
// has ended, or that its issuer does not count for the call. [Verifier.Recheck]
// tells a stream later what a call would be told.
//
// It refuses symmetric algorithms, encrypted tokens, keys that come with the
// token, and addresses that a token or another host names.
package verifier
