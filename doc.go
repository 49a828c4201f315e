// Package grpcaud is the front page of a library that makes the audience of a token
// the thing that gRPC services are secured by. It has no code of its own.
//
// A server refuses every token that is not addressed to it. A client presents to each
// server a token that was requested for that server. Who may call what is written in
// one file, the access matrix, which both sides read.
//
// The shortest server:
//
//	policy, err := policyfile.Load("access.yaml")
//	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"))
//	srv := grpc.NewServer(append(admit.Options(), grpc.Creds(creds))...)
//	ordersv1.RegisterOrderStatusServer(srv, orders)
//	err = admit.CheckCoverage(srv)
//
// The shortest client:
//
//	policy, err := policyfile.Load("access.yaml")
//	as, err := interceptor.NewClient(policy, "backoffice-portal")
//	conn, err := as.Dial("orders.example.com:443", "order-status", creds)
//
// The examples below have the same code with its errors handled. In a handler,
// audience.FromContext returns the caller.
//
// # Packages for everybody
//
//   - [github.com/grpcaud/grpcaud/interceptor] guards gRPC servers and presents
//     tokens on gRPC clients.
//   - [github.com/grpcaud/grpcaud/audience] has what handlers and operators read: the
//     caller, reasons and causes of refusals.
//   - [github.com/grpcaud/grpcaud/audience/policyfile] reads the access matrix from
//     its file, and follows changes.
//   - [github.com/grpcaud/grpcaud/interceptor/matrixtest] tests a server against its
//     matrix, [github.com/grpcaud/grpcaud/testutil] is an issuer and a connection for
//     tests, and [github.com/grpcaud/grpcaud/testutil/matrixissuer] plays the issuers
//     of a matrix.
//   - [github.com/grpcaud/grpcaud/cmd/grpcaud] is the command line.
//
// # Packages for special needs
//
//   - [github.com/grpcaud/grpcaud/audience/access] is the matrix as Go values, and
//     judges and explains tokens without gRPC.
//   - [github.com/grpcaud/grpcaud/audience/protopolicy] reads rules from .proto files.
//   - [github.com/grpcaud/grpcaud/audience/revocation] lists revoked tokens.
//   - [github.com/grpcaud/grpcaud/audience/claims] reads what a token says, and
//     [github.com/grpcaud/grpcaud/audience/verifier] checks that it is genuine.
//   - [github.com/grpcaud/grpcaud/tokensource] requests and caches tokens, also
//     without a matrix, and [github.com/grpcaud/grpcaud/tokensource/clientauth]
//     authenticates clients by keys, assertions and certificates.
//
// The documentation is in the folder docs of the repository.
package grpcaud
