// Package connectguard guards handlers of Connect (connectrpc.com/connect) by the same
// policy as a gRPC server, in each of the protocols that they speak: Connect, gRPC and
// gRPC-Web; and its clients present tokens by the same matrix.
//
//	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"))
//	defer admit.Close()
//	mux := http.NewServeMux()
//	mux.Handle(ordersv1connect.NewOrderStatusHandler(orders))
//	handler, err := connectguard.New(admit, mux)
//	srv := &http.Server{Handler: handler, TLSConfig: tlsConfig}
//
// A call is refused before its message is read, as an error in the caller's protocol, with
// the reason in google.rpc.ErrorInfo and a challenge. A stream that still runs when its
// token ends is ended with such an error.
//
// The methods of the matrix are the procedures: nothing has to be written under http.
// docs/connect.md tells all of it.
package connectguard
