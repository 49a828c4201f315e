// Package testutil plays the issuer, the clock and the wire, for tests of
// services that live by tokens.
//
// An [Issuer] is an OpenID Provider in the process: discovery, keys, a token
// endpoint with client credentials and token exchange, introspection. It
// needs no port, no container and no [testing.TB]; it mints whatever you ask
// for, good or forged, and fails on command.
//
//	issuer := testutil.NewIssuer("https://idp.example.com/realms/corp")
//	issuer.Register(testutil.Client{ID: "portal", Secret: "s3cret", Audiences: []string{"orders"}})
//	token := issuer.Mint(testutil.Claims{"sub": "portal", "client_id": "portal", "aud": "orders"})
//	wire := issuer.Transport() // give it to what fetches keys and tokens
//
// [Serve] connects a gRPC client and a gRPC server over TLS in memory.
//
// Everything reads [time.Now] and waits on nothing but channels, so it runs
// inside a [testing/synctest] bubble, where an hour costs nothing. There
// [Issuer.Transport] and [Serve] are the wires; [Issuer.Listen] opens a real
// socket, which a bubble cannot hold.
//
// It is for tests and demonstrations only: secrets are compared in plain
// sight, nothing is stored, and mistakes of the test panic.
package testutil
