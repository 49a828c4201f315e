// Package extauthz answers Envoy's external authorization by an access matrix: it is
// the gRPC service envoy.service.auth.v3.Authorization on the same engine as
// interceptor. Envoy asks it about each request before the request goes on to a
// service, which may be written in any language.
//
//	guard, err := interceptor.NewServer(policy, interceptor.Services("order-status"))
//	defer guard.Close()
//	authz, err := extauthz.New(guard)
//	srv := grpc.NewServer(grpc.Creds(tlsCreds))
//	authz.Register(srv)
//
// The options of the guard count here as they do on a gRPC server, and so do its log,
// metrics, health and [interceptor.Server.Swap]. The exceptions are those about streams
// and [interceptor.PeerCertificate]: a stream is judged only when it opens, and the
// certificate of a client is the one that Envoy reports.
//
// Envoy says for which service it asks: by the context extension "service", or by a host
// that the matrix lists under authorities. A request that names no service, or two, is
// refused.
//
// The service behind Envoy reads the caller in headers: see [Headers]. It must not be
// reachable in another way than through Envoy. A request that the guard cannot read is
// refused; configure Envoy to fail closed (failure_mode_allow: false). "grpcaud export"
// writes Envoy's part.
package extauthz
