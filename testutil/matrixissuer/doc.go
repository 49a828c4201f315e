// Package matrixissuer plays the authorization servers of an access matrix, so that a
// test needs no second copy of the matrix:
//
//	issuers, err := matrixissuer.For(policy)
//	…
//	for name, secret := range issuers.Environment() {
//		t.Setenv(name, secret)
//	}
//	admit, err := interceptor.NewServer(issuers.Policy(), interceptor.Services("order-status"), interceptor.Transport(issuers.Transport()))
//	as, err := interceptor.NewClient(issuers.Policy(), "customer-portal", interceptor.Transport(issuers.Transport()))
//
// An issuer grants exactly what the matrix allows. A client gets tokens for the services
// that it may call, with the scopes that its entries name. It can exchange tokens that are
// addressed to it, or to a service that runs as it, for such tokens. The matrix does not say
// who has a role: a client that calls as itself has the roles that the entries for it
// demand, including entries with clients: any. Tokens are written as the issuer's preset
// says. They are opaque if the matrix says that services ask the issuer about them.
//
// The command grpcaud dev is this package with a listener. Both are for tests and for a
// laptop only: see [testutil.Issuer].
package matrixissuer
