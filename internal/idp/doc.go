// Package idp runs real authorization servers, a real proxy and a real store, for the project's own
// tests of interoperability.
//
//	corp := idp.Keycloak(t, realm) // as JSON
//	tokens, err := tokensource.New(corp.Issuer, tokensource.ClientCredentials("customer-portal", secret))
//
// [Keycloak], [OIDCProvider], [Zitadel], [Envoy] and [Valkey] skip the test unless the environment
// variable [Variable] names them, or is "all". A server that is named but cannot be
// installed fails the test, with the output of the command that failed.
//
// The ordinary client of a server's registry installs it at a pinned version, in the
// folder that GRPCAUD_CACHE names, by default grpcaud below [os.UserCacheDir]. The
// folder may be deleted at any time. Each file is pinned by its hash: in
// requirements.txt, in package-lock.json, in go.sum, and for Keycloak's archive in
// this package. A file with another hash is an error, and nothing of it is run. The
// machine must have
//
//	keycloak       Java 17 or later, mvn and tar
//	oidc-provider  Node.js 20 or later, with npm
//	zitadel        the go command, and this module's source tree
//	envoy, valkey  python3, with pip
//	redis          redis-server
//
// and a shell. An authorization server starts on loopback for the first test that needs
// it, and all tests of the binary share it. It ends with the test binary, however that
// ends. A test that stops the server or rotates its keys must not run in parallel with
// others that use it. Each test has an Envoy of its own.
//
// Everything here is for tests only: the secrets and the passwords are public.
package idp
