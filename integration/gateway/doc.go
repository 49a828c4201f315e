// Package gateway holds what grpc-gateway generates for the services of the running
// example, and tests how it goes together with a guarded server.
//
//go:generate sh -c "cd .. && go tool -modfile=../tools/go.mod buf generate ../proto --path ../proto/acme/orders --path ../proto/acme/hr"
package gateway
