package remote

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// readByReflection asks a server for the .proto file of a gRPC service, and for the
// files that it imports.
func readByReflection(ctx context.Context, conn *grpc.ClientConn, service string) (descriptor.Types, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		return descriptor.Types{}, err
	}
	r := reflectionClient{stream: stream, files: map[string]*descriptorpb.FileDescriptorProto{}}
	err = r.readFiles(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: service},
	})
	if err != nil {
		return descriptor.Types{}, err
	}
	t, err := descriptor.NewTypes(&descriptorpb.FileDescriptorSet{File: slices.Collect(maps.Values(r.files))})
	if err == nil && t.Service(service) == nil {
		err = fmt.Errorf("the server describes another service than %s", service)
	}
	return t, err
}

// ReadServices asks a server for the .proto files of all its gRPC services, in which imports
// may be missing. The error says in a sentence why it does not tell.
func ReadServices(ctx context.Context, conn *grpc.ClientConn) (*descriptorpb.FileDescriptorSet, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := reflectionClient{files: map[string]*descriptorpb.FileDescriptorProto{}}
	var err error
	if r.stream, err = reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(ctx); err == nil {
		err = r.readAll()
	}
	if err != nil {
		return nil, errors.New(reflectionFailure(err))
	}
	set := &descriptorpb.FileDescriptorSet{}
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		set.File = append(set.File, r.files[name])
	}
	return set, nil
}

// maxServiceFiles is the largest number of files in which services are looked for.
const maxServiceFiles = 10000

// readAll reads the file of each gRPC service. It does not ask for imports.
func (r *reflectionClient) readAll() error {
	err := r.stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}})
	if err != nil {
		_, err = r.stream.Recv() // which returns the error of the call
		return err
	}
	answer, err := r.stream.Recv()
	if err != nil {
		return err
	}
	described := map[string]bool{}
	for _, service := range answer.GetListServicesResponse().GetService() {
		if described[service.GetName()] {
			continue
		}
		added, err := r.request(&reflectionv1.ServerReflectionRequest{
			MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: service.GetName()},
		})
		if err != nil {
			return fmt.Errorf("%s: %w", service.GetName(), err)
		}
		for _, file := range added {
			r.files[file.GetName()] = file
			for _, other := range file.GetService() {
				described[strings.TrimPrefix(file.GetPackage()+"."+other.GetName(), ".")] = true
			}
		}
		if len(r.files) > maxServiceFiles {
			return fmt.Errorf("the server has more than %d .proto files", maxServiceFiles)
		}
	}
	return nil
}

// reflectionFailure says in a sentence why a server did not describe a service.
func reflectionFailure(err error) string {
	st := status.Convert(err)
	if text := NoTLS(st); text != "" {
		return text
	}
	switch st.Code() {
	case codes.Unimplemented:
		return "the server has no reflection service"
	case codes.Unauthenticated, codes.PermissionDenied:
		return "the server refuses reflection; its matrix can open grpc.reflection.v1.ServerReflection under public"
	case codes.Unknown: // an error of ours, or no answer of use
		return output.StripPackage(st.Message())
	default:
		return "reflection failed: " + output.StripPackage(st.Message())
	}
}

// NoTLS says what to do if a call failed because the server does not use TLS; empty if it did
// not fail by that.
func NoTLS(st *status.Status) string {
	if !strings.Contains(st.Message(), "first record does not look like a TLS handshake") {
		return ""
	}
	return "the server does not use TLS; on a loopback address use --plaintext"
}

// reflectionClient reads .proto files of a server.
type reflectionClient struct {
	stream reflectionv1.ServerReflection_ServerReflectionInfoClient
	files  map[string]*descriptorpb.FileDescriptorProto
	size   int // of the descriptions that were received, in bytes
}

// maxFiles is the largest number of files that are read, and maxSize what they and those
// that came in vain may have together, in bytes.
const (
	maxFiles = 1000
	maxSize  = 64 << 20
)

// readFiles reads the files in the answer to a request, and those that they import. An
// import that the server does not have is left out.
func (r *reflectionClient) readFiles(request *reflectionv1.ServerReflectionRequest) error {
	added, err := r.request(request)
	if err != nil {
		return err
	}
	for _, file := range added {
		r.files[file.GetName()] = file
	}
	for _, file := range added {
		for _, name := range file.GetDependency() {
			if r.files[name] != nil || len(r.files) >= maxFiles {
				continue
			}
			_ = r.readFiles(&reflectionv1.ServerReflectionRequest{
				MessageRequest: &reflectionv1.ServerReflectionRequest_FileByFilename{FileByFilename: name},
			})
		}
	}
	return nil
}

// request returns the files in one answer that were not read before.
func (r *reflectionClient) request(request *reflectionv1.ServerReflectionRequest) ([]*descriptorpb.FileDescriptorProto, error) {
	if err := r.stream.Send(request); err != nil {
		_, err = r.stream.Recv() // which returns the error of the call
		return nil, err
	}
	answer, err := r.stream.Recv()
	if err != nil {
		return nil, err
	}
	if refusal := answer.GetErrorResponse(); refusal != nil {
		if codes.Code(refusal.GetErrorCode()) == codes.NotFound {
			return nil, errors.New("the server has no description of the service")
		}
		return nil, fmt.Errorf("the server does not describe the service: %s", refusal.GetErrorMessage())
	}
	var fresh []*descriptorpb.FileDescriptorProto
	for _, data := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
		if r.size += len(data); r.size > maxSize {
			return nil, fmt.Errorf("the server's descriptions have more than %d MiB", maxSize>>20)
		}
		file := &descriptorpb.FileDescriptorProto{}
		if err := proto.Unmarshal(data, file); err != nil {
			return nil, fmt.Errorf("the server's description: %w", err)
		}
		if r.files[file.GetName()] == nil {
			fresh = append(fresh, file)
		}
	}
	return fresh, nil
}
