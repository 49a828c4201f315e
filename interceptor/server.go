package interceptor

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/verifier"
)

// Server admits calls by an access matrix. It is safe for concurrent use.
type Server struct {
	serverOptions
	services ServiceNames
	guard    atomic.Pointer[audience.Guard] // the policy in force
	verifier *verifier.Verifier
	leases   leases
	journal  *journal

	swapping sync.Mutex               // one change of policy at a time; guards what follows
	given    []audience.MethodOptions // the .proto options that the policy in force was made with
	taken    int                      // how often the interceptors were handed out
	checked  []*checkedServer         // the gRPC servers that CheckCoverage was told of

	open       context.Context // ends with Close
	close      context.CancelFunc
	background sync.WaitGroup // what Close waits for
}

// ServiceNames are the services of the matrix that one server hosts.
type ServiceNames []string

// Services names the services of the matrix that one server hosts. The gRPC
// service that is called picks among them, and only its audience is accepted.
func Services(names ...string) ServiceNames { return names }

// NewServer returns a server's part of policy: what the services of these names
// ask of their callers. It checks the configuration and does no network I/O.
// Close it when the gRPC server has stopped.
func NewServer(policy *audience.Policy, services ServiceNames, opts ...ServerOption) (*Server, error) {
	if policy == nil {
		return nil, errors.New("interceptor: no policy")
	}
	o, err := newServerOptions(opts)
	if err != nil {
		return nil, err
	}
	guard, err := policy.Guard(services...)
	if err != nil {
		return nil, err
	}
	s := &Server{serverOptions: o, services: slices.Clone(services)}
	if s.verifier, err = verifier.New(guard.Issuers(), o.verifier...); err != nil {
		return nil, err
	}
	if s.journal, err = newJournal(o, figures{s.verifier.Figures, s.verifier.CacheFigures, s.leases.count}); err != nil {
		return nil, err
	}
	if err := o.wire.tell(o.log, o.meters); err != nil {
		return nil, err
	}
	if err := o.tellEndless(); err != nil {
		return nil, err
	}
	s.guard.Store(guard)
	s.given = policy.Given()
	s.warn(policy)
	s.leases.expired, s.leases.begun = s.reconsider, make(chan struct{}, 1)
	s.open, s.close = context.WithCancel(context.Background())
	s.background.Go(s.watch)
	return s, nil
}

// warn logs what is allowed but rarely meant.
func (s *Server) warn(policy *audience.Policy) {
	for _, problem := range policy.Warnings() {
		if problem.Severity == audience.Warning {
			s.log.Warn("access matrix", slog.String("problem", problem.Error()))
		}
	}
}

// Close ends the server's background work, writes the log lines that repeated
// refusals are owed, and returns when that has ended. It does not end calls.
// Running streams still end with their tokens.
func (s *Server) Close() error {
	s.close()
	s.verifier.Close()
	s.background.Wait()
	return s.journal.close()
}

// unary is a [grpc.UnaryServerInterceptor].
func (s *Server) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	admitted, err := s.decide(ctx, info.FullMethod, false, grpc.SetTrailer)
	if err != nil {
		return nil, err
	}
	if c, ok := admitted.(*call); ok && admitted != ctx { // not one that s has let in further out
		defer c.leave()
	}
	resp, err := handler(admitted, req)
	return resp, s.passOn(admitted, info.FullMethod, err)
}
