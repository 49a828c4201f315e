package company

import (
	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
)

// The names in the access matrix.
const (
	CustomerPortal   = "customer-portal"
	BackofficePortal = "backoffice-portal"
	OrderStatus      = "order-status"
	HumanResource    = "human-resource"
	NightWorker      = "night-worker"

	issuerName = "corp"
)

// Config says how one company differs from another. The zero value is the company of
// backoffice/access.yaml, with the embedded authorization server, on free ports of
// 127.0.0.1.
type Config struct {
	// Policy is the access matrix; the default is that of [examples.Policy]. Its issuer has
	// the name corp.
	Policy *access.Policy

	// Provider is the issuer; nil for the embedded one.
	Provider *Provider

	// IssuerAddr, OrdersAddr and PeopleAddr are the addresses that the embedded issuer and
	// the two services listen on; the default is 127.0.0.1:0.
	IssuerAddr, OrdersAddr, PeopleAddr string

	// IssuerHost is the name that the embedded issuer has for browsers, such as
	// login.localhost: it is then served over plain HTTP, and its URL has this name and the
	// port that it listens on. The default is the URL of the matrix, over TLS.
	IssuerHost string

	// Issuer adjusts the embedded issuer.
	Issuer []matrixissuer.Option

	// Server returns options of the guard of a service, and Client of a client, such as
	// loggers and revocations; GRPC those of the gRPC server, which come before the guard.
	// The default of each is none.
	Server func(service string) []interceptor.ServerOption
	Client func(client string) []interceptor.ClientOption
	GRPC   func(service string) []grpc.ServerOption

	// Login returns the name of the user for whom a call is made, by which orders and
	// employees know a person. The default is the subject of the token.
	Login func(audience.Caller) string
}
