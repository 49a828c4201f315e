// Package transports tests that a call is decided alike whatever carries it: gRPC, net/http,
// Connect, and grpc-gateway in front of a server or within it.
package transports
