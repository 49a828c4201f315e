// Package verifier verifies tokens: whether a configured issuer signed a token, and what
// its claims are. Package access judges whether the token is for this service and what
// its caller may do.
//
//	v, err := verifier.New(guard.Issuers())        // no network I/O
//	defer v.Close()
//	rule := guard.Rule(method)
//	claims, now, err := v.VerifyFor(ctx, raw, rule, time.Now()) // fetches keys when it needs them
//	err = rule.Judge(claims, access.Presentation{Time: now, Certificate: thumbprint})
//
// The form, the header and the payload of a token are read strictly first. go-oidc and
// go-jose then check the signature with the keys of the issuer, which are fetched rarely
// and within bounds. Claims are released only from the bytes that were signed.
//
// Keys come from the issuer, which OpenID Connect Discovery or RFC 8414 finds,
// from a file that is watched, or from [StaticKeys]. An issuer of opaque tokens
// is asked about each of them instead (RFC 7662), and its answer is read as
// strictly as a token and kept for [IntrospectionTTL]. Where a rule demands it
// ([access.Rule.AsksIssuer]), [Verifier.Confirm] asks about a JWT too. [Verifier.Ready]
// and [Verifier.Stats] report on the issuers.
//
// An outage is no fault of the token: if the keys of the issuer cannot be fetched, the
// refusal is [audience.CauseKeysUnavailable], which gRPC reports as UNAVAILABLE; likewise
// [audience.CauseIntrospectionUnavailable]. A call gets that answer shortly before its
// deadline. Other refusals come at once: the key was dropped, the token has expired, or
// the method accepts no tokens of its issuer. [Verifier.Recheck] gives a running stream
// the answer that a new call would get.
//
// It refuses symmetric algorithms, encrypted tokens, keys that come with the
// token, and addresses that a token or another host names.
package verifier
