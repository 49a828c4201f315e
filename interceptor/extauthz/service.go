package extauthz

import (
	"context"
	"errors"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/serving"
)

// Service is the gRPC service envoy.service.auth.v3.Authorization. It keeps nothing from
// one request to the next, so that any number of replicas can serve. It is safe for
// concurrent use.
type Service struct {
	authv3.UnimplementedAuthorizationServer
	options
	guard *serving.Core
}

// New returns a [Service] that decides as guard does. It does no network I/O. Close guard
// when the gRPC server with the Service has stopped.
func New(guard *interceptor.Server, opts ...Option) (*Service, error) {
	if guard == nil {
		return nil, errors.New("extauthz: no guard; make one with interceptor.NewServer")
	}
	s := &Service{guard: guard.Core(serving.Internal{})}
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("extauthz: a nil option")
		}
		if err := opt.apply(&s.options); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Register registers s with a gRPC server. That server needs no guard of its own, but it
// must be reachable for Envoy alone: it tells everybody who asks whether a token would
// be admitted.
func (s *Service) Register(to grpc.ServiceRegistrar) { authv3.RegisterAuthorizationServer(to, s) }

// Check decides about a request that Envoy has received. It returns no error: a request
// that cannot be read is refused as any other.
func (s *Service) Check(ctx context.Context, check *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	r := newRequest(check)
	ctx = metadata.NewIncomingContext(ctx, r.metadata())
	d := s.guard.Admission.Decide(ctx, s.admissionRequest(r))
	a := answer{service: s, ctx: ctx, request: r, decision: d}
	if d.Evidence == nil {
		return a.refused(), nil
	}
	defer d.Evidence.End()
	return a.admitted(), nil
}
