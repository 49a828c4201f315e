// Package matrixtest answers: does my server do what my access matrix says? It
// makes a test of the matrix itself, so that none of its cells is forgotten:
//
//	func TestAccess(t *testing.T) {
//		policy, err := policyfile.Load("access.yaml")
//		…
//		matrixtest.Assert(t, policy, interceptor.Services("order-status"), func(s *grpc.Server) {
//			ordersv1.RegisterOrderStatusServer(s, &orders{})
//		})
//	}
//
// Every client of the matrix calls every method of the server, over TLS and in
// memory, with real tokens of an issuer in the process: one that should do, and
// those that should not, each of which lacks one thing. What should happen is
// read from the matrix, not asked of the engine that enforces it.
//
// Whether your program installs its guard, on streams too, is another question,
// which [AssertInstalled] asks of the gRPC server that the program makes.
package matrixtest
