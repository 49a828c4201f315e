// Package matrixtest tests whether a server does what its access matrix says. It makes
// the test from the matrix itself, so that no cell is forgotten:
//
//	func TestAccess(t *testing.T) {
//		policy, err := policyfile.Load("access.yaml")
//		…
//		matrixtest.Assert(t, policy, interceptor.Services("order-status"), func(s *grpc.Server) {
//			ordersv1.RegisterOrderStatusServer(s, &orders{})
//		})
//	}
//
// Every client of the matrix calls every method of the server, over TLS in memory, with
// real tokens of an issuer in the process: one token that must be admitted, and others
// that lack one thing each and must be refused. The package is an oracle: it reads the
// expected result from the matrix by itself, and does not ask the engine that enforces
// the matrix.
//
// [AssertInstalled] tests another thing: that your program installs its guard, on
// streams too.
package matrixtest
