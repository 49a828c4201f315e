// Package interceptor carries tokens over gRPC: clients send them, and servers admit
// calls by them.
//
// A server enforces its part of an access matrix, for unary and streaming calls
// alike, and refuses whatever the matrix does not allow:
//
//	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"))
//	defer admit.Close()
//	srv := grpc.NewServer(append(admit.Options(), grpc.Creds(tlsCreds))...)
//	ordersv1.RegisterOrderStatusServer(srv, impl)
//	err = admit.CheckCoverage(srv) // a method without a rule, or half a guard, is an error
//
// Handlers read the caller with [audience.FromContext].
//
// A client reads in the same matrix which issuer to ask for a token, for which
// audience, and where the token may be sent:
//
//	as, err := interceptor.NewClient(policy, "backoffice-portal")
//	defer as.Close()
//	conn, err := as.Dial(target, "order-status", tlsCreds)
//
// It sends one of three tokens, and only the one that the program asks for:
//
//	as.Dial(target, "order-status", tlsCreds)             // its own
//	as.DialOnBehalfOf(target, "order-status", tlsCreds)   // for the caller it is serving, by token exchange
//	as.DialForward(target, "order-status", tlsCreds)      // the caller's token, if it is addressed to the target already
//
// A web front end calls for the user who has logged in at it, on the same connections,
// with a context of [Client.ForUser].
//
// A call that is refused returns a [RefusedError]. A call whose token has just expired
// or was revoked is repeated once with another: see [Retry]. [ResumeStream] follows a
// stream beyond the end of its token. Without a matrix there are the parts that a
// [Client] is made of: [AsService], [OnBehalfOf], [Forward] and Retry.
//
// Neither side lets a token travel over a connection that others can read; see
// [AllowPlaintext].
//
// The peer of a refused call receives a status code, a fixed phrase and one of the
// reasons of package audience, as google.rpc.ErrorInfo and as a challenge of RFC 6750
// in the trailers. The precise cause, with what was wanted and what was received, is
// in the server's log only.
package interceptor
