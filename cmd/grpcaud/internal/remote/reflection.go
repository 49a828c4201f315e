package remote

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/grpc"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
)

// readByReflection asks a server for the .proto file of a gRPC service, and for those that
// it imports.
func readByReflection(ctx context.Context, conn *grpc.ClientConn, service string) (descriptor.Types, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		return descriptor.Types{}, err
	}
	r := reflectionClient{stream, map[string]*descriptorpb.FileDescriptorProto{}}
	err = r.readFiles(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: service},
	})
	if err != nil {
		return descriptor.Types{}, err
	}
	t, err := descriptor.NewTypes(&descriptorpb.FileDescriptorSet{File: slices.Collect(maps.Values(r.files))})
	if err == nil && t.Service(service) == nil {
		err = fmt.Errorf("what the server describes is not %s", service)
	}
	return t, err
}

// reflectionClient reads .proto files of a server.
type reflectionClient struct {
	stream reflectionv1.ServerReflection_ServerReflectionInfoClient
	files  map[string]*descriptorpb.FileDescriptorProto
}

// maxFiles is how many files of a server are read.
const maxFiles = 1000

// readFiles reads the files that a request is answered with, and what they import. An
// import that the server does not have is left out.
func (r reflectionClient) readFiles(request *reflectionv1.ServerReflectionRequest) error {
	fresh, err := r.request(request)
	if err != nil {
		return err
	}
	for _, file := range fresh {
		r.files[file.GetName()] = file
	}
	for _, file := range fresh {
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

// request returns the files of one answer that are new.
func (r reflectionClient) request(request *reflectionv1.ServerReflectionRequest) ([]*descriptorpb.FileDescriptorProto, error) {
	if err := r.stream.Send(request); err != nil {
		_, err = r.stream.Recv() // which tells why
		return nil, err
	}
	answer, err := r.stream.Recv()
	if err != nil {
		return nil, err
	}
	if refusal := answer.GetErrorResponse(); refusal != nil {
		return nil, fmt.Errorf("the server does not describe it: %s", refusal.GetErrorMessage())
	}
	var fresh []*descriptorpb.FileDescriptorProto
	for _, data := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
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
