// Package signin signs users in to a portal with OpenID Connect: the authorization code
// flow with PKCE (RFC 7636), through go-oidc and x/oauth2.
//
// What a stranger can send is held to what this browser began:
//
//   - A sign-in that has begun is a sealed cookie of the browser: state, nonce, the PKCE
//     verifier and the page to return to. A callback counts in that browser, once, and
//     within ten minutes.
//   - A session is an entry in the memory of the portal, under an id that is made when the
//     sign-in has succeeded. No id that a browser brings along is ever adopted. A session
//     ends after 15 minutes without a request, after 8 hours, when its user signs out, and
//     when the identity provider says that the login has ended.
//   - The page to return to is a path of this portal.
//
// Nothing sends a browser to the identity provider but a click, so that a mistake in the
// set-up does not send it there again and again.
package signin
