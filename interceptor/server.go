package interceptor

import (
	"context"
	"errors"
	"log/slog"
	"time"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/tokensource"
)

// Server admits calls by an access matrix. It is safe for concurrent use.
type Server struct {
	guard    *audience.Guard
	verifier *verifier.Verifier
	wire     wire
	log      *slog.Logger
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
	o := serverOptions{log: slog.Default()}
	for _, opt := range opts {
		opt.applyServer(&o)
	}
	if err := o.wire.check(); err != nil {
		return nil, err
	}
	guard, err := policy.Guard(services...)
	if err != nil {
		return nil, err
	}
	v, err := verifier.New(guard.Issuers(), o.verifier...)
	if err != nil {
		return nil, err
	}
	for _, problem := range policy.Warnings() {
		o.log.Warn("access matrix", slog.String("problem", problem.Error()))
	}
	return &Server{guard: guard, verifier: v, wire: o.wire, log: o.log}, nil
}

// Close ends the server's background work. It does not end calls.
func (s *Server) Close() error {
	s.verifier.Close()
	return nil
}

// Options returns the gRPC options that install s for unary and for streaming
// calls alike, so that neither can be forgotten.
func (s *Server) Options() []grpc.ServerOption {
	return []grpc.ServerOption{grpc.ChainUnaryInterceptor(s.Unary), grpc.ChainStreamInterceptor(s.Stream)}
}

// Covers compares the matrix with what is registered on srv: a method without
// a rule, and a rule without a method, are errors. Call it before srv serves.
func (s *Server) Covers(srv *grpc.Server) error {
	var methods []string
	for service, info := range srv.GetServiceInfo() {
		for _, method := range info.Methods {
			methods = append(methods, "/"+service+"/"+method.Name)
		}
	}
	return s.guard.Covers(methods)
}

// Unary is a [grpc.UnaryServerInterceptor]. Install it with [Server.Options].
func (s *Server) Unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	ctx, err := s.decide(ctx, info.FullMethod, grpc.SetTrailer)
	if err != nil {
		return nil, err
	}
	resp, err := handler(ctx, req)
	return resp, passedOn(err)
}

// Stream is a [grpc.StreamServerInterceptor]. Install it with [Server.Options].
func (s *Server) Stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	wrapped := middleware.WrapServerStream(stream)
	ctx, err := s.decide(stream.Context(), info.FullMethod, func(_ context.Context, md trailer) error {
		stream.SetTrailer(md)
		return nil
	})
	if err != nil {
		return err
	}
	wrapped.WrappedContext = ctx
	return passedOn(handler(srv, wrapped))
}

// decide admits a call, or returns the status that its peer is told.
func (s *Server) decide(ctx context.Context, method string, setTrailer func(context.Context, trailer) error) (context.Context, error) {
	a, err := s.admit(ctx, method)
	s.record(ctx, method, a, err)
	if err != nil {
		if md := challenge(err); md != nil {
			_ = setTrailer(ctx, md) // fails only if the call has ended
		}
		return nil, statusOf(err).Err()
	}
	if a == nil {
		return ctx, nil
	}
	return withAdmitted(ctx, a), nil
}

// admit is the whole decision about one call: whether its method has a rule,
// whether the wire is private, whether the token is genuine, and what the rule
// says to it. It returns nil without an error for a public method.
func (s *Server) admit(ctx context.Context, method string) (*admitted, error) {
	rule := s.guard.Rule(method)
	switch {
	case rule == nil:
		return nil, &audience.Refusal{Cause: audience.CauseNoRule, Hint: "add the method to the matrix"}
	case rule.Public():
		return nil, nil
	}
	if err := s.wire.admits(ctx); err != nil {
		return nil, err
	}
	raw, err := bearer(ctx)
	if err != nil {
		return nil, err
	}
	claims, err := s.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if err := rule.Judge(claims, time.Now()); err != nil {
		return &admitted{claims: claims}, err
	}
	return &admitted{claims: claims, token: tokensource.NewToken(raw, claims.Expiry())}, nil
}
