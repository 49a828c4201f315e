package company

import (
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/interceptor"
)

// Server is one guarded gRPC server.
type Server struct {
	// Service is its name in the access matrix.
	Service string

	// Addr is the address that it listens on.
	Addr string

	// Conn is a connection without credentials: each call brings its own.
	Conn *grpc.ClientConn

	admit *interceptor.Server
}

// Serve starts a server of a service, besides those that [Open] has started. An empty
// address is 127.0.0.1:0. The server ends with the company.
func (c *Company) Serve(service, addr string) (*Server, error) {
	admit, err := interceptor.NewServer(c.policy, interceptor.Services(service), c.serverOptions(service)...)
	if err != nil {
		return nil, err
	}
	c.closing(admit.Close)
	cert := c.ca.Certificate("127.0.0.1", "localhost")
	s := grpc.NewServer(append(append(c.grpcOptions(service), admit.Options()...), grpc.Creds(credentials.NewServerTLSFromCert(&cert)))...)
	c.Register(s, service)
	if err := admit.CheckCoverage(s); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", orFree(addr))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", service, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(listener) // returns when the company closes
	}()
	c.closing(func() error {
		s.Stop()
		<-done
		return nil
	})
	served := &Server{Service: service, Addr: listener.Addr().String(), admit: admit}
	served.Conn, err = c.Dial(served)
	return served, err
}

func (c *Company) serverOptions(service string) []interceptor.ServerOption {
	all := []interceptor.ServerOption{interceptor.Transport(c.transport)}
	if c.config.Server != nil {
		all = append(all, c.config.Server(service)...)
	}
	return all
}

func (c *Company) grpcOptions(service string) []grpc.ServerOption {
	if c.config.GRPC == nil {
		return nil
	}
	return c.config.GRPC(service)
}

func orFree(addr string) string {
	if addr == "" {
		return "127.0.0.1:0"
	}
	return addr
}
