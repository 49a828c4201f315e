// Package tokensource gets tokens for calls to other services: each for the audience
// that is called.
//
// A [Cache] requests tokens from one issuer as one client. Every [Request] names an
// audience. If the token is a JWT, the cache returns it only if it is addressed to
// that audience. An opaque token cannot be checked, since only its issuer can read
// it:
//
//	tokens, err := tokensource.New(issuer, tokensource.ClientCredentials("backoffice-portal", secret))
//	defer tokens.Close()
//	token, err := tokens.Token(ctx, tokensource.Request{Audience: "order-status"})
//
// A request with a Subject is a token exchange (RFC 8693): the client acts on
// behalf of the caller that it is serving. [SubjectGrant] selects another grant, and
// [Chain] gets tokens from the issuer of another domain.
//
// Package clientauth has more ways to authenticate the client: private keys,
// assertions, certificates. Authorization servers differ in how they are asked for
// an audience: [Preset] knows the common ones, and the options whose names begin
// with Ask state it in full.
//
// Tokens can come from elsewhere: [NewFile] reads a file that another process keeps
// fresh, [NewMetadataServer] asks the metadata server of a cloud, [NewFunc] calls a
// function, [FromOAuth2] uses a token source of x/oauth2. [OAuth2] and
// [NewTransport] pass tokens to code that does not use this package.
//
// Tokens are cached and shared. A token is fetched when it is first needed, by one
// request for all callers that wait, and no caller waits longer than its own context
// allows. A token counts as expired 30 s early (a quarter of its lifetime if that is
// less), and is refreshed in the background well before. When the issuer fails, a
// token that is still valid stays in use. A failure is cached, and returned to each
// caller until the next attempt is due. A token that is no longer requested is not
// refreshed.
//
// The package refuses to send a secret over plain http, to follow redirects, to try
// one way of authentication after another, to keep a token without a limit, and to
// show a token, a secret or the issuer's answer in an error or a log.
package tokensource
