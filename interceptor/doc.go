// Package interceptor carries tokens over gRPC: servers admit calls by them,
// clients present them.
//
// A server enforces its part of an access matrix, for unary and streaming calls
// alike, and refuses whatever the matrix does not allow:
//
//	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"))
//	defer admit.Close()
//	srv := grpc.NewServer(append(admit.Options(), grpc.Creds(tlsCreds))...)
//	ordersv1.RegisterOrderStatusServer(srv, impl)
//	err = admit.Covers(srv) // a method without a rule is a start-up error
//
// Its handlers find out who calls with [audience.FromContext].
//
// A client presents a token that was requested for the service it calls, in one
// of three ways, none of which ever happens by itself:
//
//	interceptor.AsService(tokens, "order-status")   // as itself
//	interceptor.OnBehalfOf(tokens, "order-status")  // for the caller it is serving: token exchange
//	interceptor.Forward("order-status")             // the caller's own token, if it is meant for the target already
//
// Neither side lets a token travel over a wire that others can read; see
// [AllowPlaintext].
//
// The peer of a refused call is told a status code, a fixed phrase and one of
// the reasons of package audience, as google.rpc.ErrorInfo and as a challenge
// of RFC 6750 in the trailers. Why precisely, what was wanted and what came,
// stands in the server's log alone.
package interceptor
