// Package httpguard guards HTTP handlers by the same policy as a gRPC server: one rule for
// a name, whether a gRPC method has it or an HTTP operation.
//
// The access matrix says under http which requests are which operation of a service. A
// program gives each of them its handler:
//
//	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"))
//	defer admit.Close()
//	handler, err := httpguard.New(admit, httpguard.Handlers{
//		"GetOrderStatus":   http.HandlerFunc(getOrderStatus), // GET /v1/orders/{id}
//		"WatchOrderStatus": http.HandlerFunc(watchOrderStatus),
//	})
//	srv := &http.Server{Handler: handler, TLSConfig: tlsConfig}
//
// The patterns of the matrix are the routes, so none can be forgotten: an operation
// without a handler, and a handler without an operation, are errors of [New]. [Wrap] is for
// a handler with routes of its own, such as a gateway.
//
// Handlers read the caller with [audience.FromContext], and call other services for the
// caller with an [interceptor.Client]. They do not see the token, nor headers that could
// name another caller.
//
// A refused request is answered with 401, 403 or 503, a challenge of RFC 6750, and a
// problem of RFC 9457 with the reason. A response that still goes on when its token ends is
// ended. docs/http.md tells all of it.
package httpguard
