package echo

import (
	"context"
	"errors"
	"io"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/interceptor"
	echov1 "github.com/grpcaud/grpcaud/proto/grpcaud/echo/v1"
)

// Server answers each call that its guard admits.
type Server struct {
	*grpc.Server
	Health *health.Server
}

// New returns a server with the gRPC services of the descriptors, Echo, health and
// reflection. It also answers calls of services that it does not know.
func New(admit *interceptor.Server, set descriptor.Set, opts ...grpc.ServerOption) (*Server, error) {
	known, err := descriptor.NewTypes(set.Files)
	if err != nil {
		return nil, err
	}
	opts = slices.Concat(opts, admit.Options(), []grpc.ServerOption{grpc.UnknownServiceHandler(answerAll), grpc.WaitForHandlers(true)})
	s := &Server{grpc.NewServer(opts...), health.NewServer()}
	healthv1.RegisterHealthServer(s, s.Health)
	echov1.RegisterEchoServer(s, echoService{})
	about := reflection.ServerOptions{Services: s, DescriptorResolver: known}
	reflectionv1.RegisterServerReflectionServer(s, reflection.NewServerV1(about))
	reflectionv1alpha.RegisterServerReflectionServer(s, reflection.NewServer(about))
	for _, service := range known.Services() {
		if _, taken := s.GetServiceInfo()[string(service.FullName())]; !taken {
			s.RegisterService(serviceDesc(service), nil)
		}
	}
	return s, nil
}

// surface is what the server answers of some gRPC services.
type surface map[string]grpc.ServiceInfo

// GetServiceInfo lists the services.
func (s surface) GetServiceInfo() map[string]grpc.ServiceInfo { return s }

// CheckCoverage holds the policies of the guard to these gRPC services, now and when they
// change. Without a description of all of them the server answers whatever is called,
// and there is nothing to hold a policy to.
func (s *Server) CheckCoverage(admit *interceptor.Server, services []string) error {
	known, described := s.GetServiceInfo(), surface{}
	for _, name := range services {
		info, ok := known[name]
		if !ok {
			return nil
		}
		described[name] = info
	}
	return admit.CheckCoverage(&described)
}

// answerAll answers each message of a call of an unknown kind with an empty one, which
// is valid for every type.
func answerAll(_ any, stream grpc.ServerStream) error { return answer(stream, true) }

// answer answers each message of the caller, or all of them with one.
func answer(stream grpc.ServerStream, each bool) error {
	for {
		switch err := stream.RecvMsg(&emptypb.Empty{}); {
		case errors.Is(err, io.EOF) && !each:
			return stream.SendMsg(&emptypb.Empty{})
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case !each:
			continue
		}
		if err := stream.SendMsg(&emptypb.Empty{}); err != nil {
			return err
		}
	}
}

// serviceDesc returns a service whose methods answer with empty messages, as many as
// their kind has.
func serviceDesc(service protoreflect.ServiceDescriptor) *grpc.ServiceDesc {
	d := &grpc.ServiceDesc{ServiceName: string(service.FullName()), Metadata: service.ParentFile().Path()}
	for i := range service.Methods().Len() {
		m := service.Methods().Get(i)
		if m.IsStreamingClient() || m.IsStreamingServer() {
			d.Streams = append(d.Streams, streamOf(m))
		} else {
			d.Methods = append(d.Methods, unaryOf(m))
		}
	}
	return d
}

func unaryOf(m protoreflect.MethodDescriptor) grpc.MethodDesc {
	info := &grpc.UnaryServerInfo{FullMethod: "/" + string(m.Parent().FullName()) + "/" + string(m.Name())}
	empty := func(context.Context, any) (any, error) { return &emptypb.Empty{}, nil }
	return grpc.MethodDesc{
		MethodName: string(m.Name()),
		Handler: func(_ any, ctx context.Context, decode func(any) error, guard grpc.UnaryServerInterceptor) (any, error) {
			request := &emptypb.Empty{}
			if err := decode(request); err != nil {
				return nil, err
			}
			return guard(ctx, request, info, empty)
		},
	}
}

func streamOf(m protoreflect.MethodDescriptor) grpc.StreamDesc {
	return grpc.StreamDesc{
		StreamName: string(m.Name()), ClientStreams: m.IsStreamingClient(), ServerStreams: m.IsStreamingServer(),
		Handler: func(_ any, stream grpc.ServerStream) error { return answer(stream, m.IsStreamingServer()) },
	}
}
