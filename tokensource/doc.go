// Package tokensource answers one question: give me a token meant for them.
//
// A [Cache] asks one issuer for tokens as one client. Every [Request] names the
// audience, and a JWT that comes back is addressed to it, or there is none; into an
// opaque token nobody but its issuer can look:
//
//	tokens, err := tokensource.New(issuer, tokensource.ClientCredentials("backoffice-portal", secret))
//	defer tokens.Close()
//	token, err := tokens.Token(ctx, tokensource.Request{Audience: "order-status"})
//
// With a Subject the request is a token exchange (RFC 8693): the client asks on
// behalf of the caller that it is serving. [SubjectGrant] names other grants, and
// [Chain] leads to the issuer of another domain.
//
// [ClientAuth] lists the ways in which a client can prove who it is. Servers differ
// in how they want to be asked for an audience: [Preset] knows the common ones, and
// [Ask] says it in full.
//
// Tokens may come from elsewhere: [NewFile] takes what something else keeps fresh in
// a file, [NewMetadata] what a cloud gives to its machines, [NewFunc] what a function
// says, [FromOAuth2] what x/oauth2 has. [OAuth2] and [NewTransport] carry them to
// code that knows nothing of this package.
//
// Tokens are kept and shared. A token is fetched when it is first asked for, by
// one request for all who wait, and each of them waits no longer than its own
// context says. It counts as expired 30 s early (a quarter of its life if that is
// less) and is renewed behind the back of its users well before. When the issuer
// fails, a token that is still valid keeps serving; failures are remembered, and
// answered at once until it is time to try again. Nothing is fetched that nobody
// asks for.
//
// The package refuses to send a secret over plain http, to follow redirects, to
// try one way of authentication after the other, to keep a token for ever, and to
// let a token, a secret or an answer of the issuer appear in an error or a log.
package tokensource
