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
//	err = admit.CheckCoverage(srv) // half of what was meant is a start-up error
//
// Its handlers find out who calls with [audience.FromContext].
//
// A client finds in the same matrix whom to ask for a token, for what, and where
// it may be sent:
//
//	as, err := interceptor.NewClient(policy, "backoffice-portal")
//	defer as.Close()
//	conn, err := grpc.NewClient(target, append(as.Service("order-status"), grpc.WithTransportCredentials(tlsCreds))...)
//
// It presents a token in one of three ways, none of which ever happens by itself:
//
//	as.Service("order-status")     // as itself
//	as.OnBehalfOf("order-status")  // for the caller it is serving: token exchange
//	as.Forward("order-status")     // the caller's own token, if it is meant for the target already
//
// A call that is refused returns a [RefusedError]; one whose token has just ended
// or was withdrawn is made once more with another: see [Retry]. Without a matrix
// there are the parts that a [Client] is made of: [AsService], [OnBehalfOf] and
// [Forward], and Retry.
//
// Neither side lets a token travel over a wire that others can read; see
// [AllowPlaintext].
//
// The peer of a refused call is told a status code, a fixed phrase and one of
// the reasons of package audience, as google.rpc.ErrorInfo and as a challenge
// of RFC 6750 in the trailers. Why precisely, what was wanted and what came,
// stands in the server's log alone.
package interceptor
