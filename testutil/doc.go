// Package testutil has an authorization server, and connections in memory, for tests of
// services that use tokens.
//
// An [Issuer] is an OpenID Provider in the process: discovery, keys, a token endpoint
// with client credentials and token exchange, introspection, and pages on which users log
// in and out, with one session for all clients. It needs no port, no container and no
// [testing.TB]. It mints any token that a test needs, good or forged, and fails on command.
// Package matrixissuer makes the issuers of an access matrix.
//
//	issuer := testutil.NewIssuer("https://idp.example.com/realms/corp")
//	issuer.Register(testutil.Client{ID: "portal", Secret: "s3cret", Audiences: []string{"orders"}})
//	token := issuer.Mint(testutil.Claims{"sub": "portal", "client_id": "portal", "aud": "orders"})
//	transport := issuer.Transport() // for whatever fetches keys and tokens
//
// Its tokens are those of RFC 9068, which the default preset of a matrix reads. With
// preset: keycloak, pass [Keycloak] to [NewIssuer]; for other presets, [Typ],
// [EveryToken] and [AudienceScope] say how the provider writes and is asked.
//
// [Serve] connects a gRPC client and a gRPC server over TLS in memory.
//
// Everything reads [time.Now] and blocks on channels only, so it runs inside a
// [testing/synctest] bubble, where an hour takes no real time. Connect there with
// [Issuer.Transport] and [Serve]: [Issuer.Listen] opens a real socket, which does not
// work in a bubble.
//
// A user who has logged in needs no second login for another client of the same browser.
// The end of the session ends its refresh tokens, and each client that has tokens of it
// gets a logout token: see [Client.BackchannelLogoutURI] and [Issuer.EndSessions].
//
// The package is for tests and demonstrations only: secrets are not protected, nothing
// is stored, and a mistake in the test panics.
package testutil
