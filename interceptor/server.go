package interceptor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/hiddenheader"
	"github.com/grpcaud/grpcaud/internal/leasing"
)

// Server admits calls by an access matrix. It is safe for concurrent use.
type Server struct {
	serverOptions
	admission *admission.Controller
	metadata  *hiddenheader.Filter
	leases    *leasing.Leases

	mu       sync.Mutex       // guards the fields below
	handOuts int              // how often the interceptors were handed out
	checked  []*checkedServer // the gRPC servers that were given to CheckCoverage

	open       context.Context // ends with Close
	close      context.CancelFunc
	background sync.WaitGroup // what Close waits for
}

// ServiceNames are the services of the matrix that one server hosts.
type ServiceNames []string

// Services names the services of the matrix that one server hosts. The gRPC service
// of a call selects one of them, and only the audience of that one is accepted.
func Services(names ...string) ServiceNames { return names }

// NewServer returns a [Server] that enforces policy for the services with these names.
// It checks the configuration and does no network I/O. Close the Server when the gRPC
// server has stopped.
func NewServer(policy *access.Policy, services ServiceNames, opts ...ServerOption) (*Server, error) {
	switch {
	case policy == nil:
		return nil, errors.New("interceptor: no policy; load one with policyfile.Load")
	case len(services) == 0:
		return nil, fmt.Errorf("interceptor: no services; pass Services with those of the matrix that this server hosts, of %q", policy.Services())
	}
	o, err := newServerOptions(opts)
	if err != nil {
		return nil, err
	}
	s := &Server{serverOptions: o, metadata: hiddenheader.NewFilter(o.strip, o.keep), leases: leasing.New()}
	config := o.config
	config.Meter, config.Plaintext, config.Leases = o.meters.Meter(meterName), o.wire.forServer(), s.leases.Count
	if s.admission, err = admission.New(policy, slices.Clone(services), config); err != nil {
		return nil, fmt.Errorf("interceptor: %w", err)
	}
	if err := o.reportInsecure(); err != nil {
		return nil, errors.Join(err, s.admission.Close())
	}
	s.leases.Start(s.admission, o.config.Revocations != nil)
	s.open, s.close = context.WithCancel(context.Background())
	return s, nil
}

// Close ends the server's background work and writes the log lines that count
// repeated refusals. It returns when both are done. It does not end calls. Running
// streams still end with their tokens.
func (s *Server) Close() error {
	s.close()
	s.background.Wait()
	s.leases.Close()
	return s.admission.Close()
}
