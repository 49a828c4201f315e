// Package transports tests that a call is decided alike whatever carries it: gRPC, net/http,
// and grpc-gateway in front of a server or within it.
package transports
