package interceptor

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/protopolicy"
)

// linkedOptions returns what the .proto files say of these gRPC services, as
// far as their descriptors are linked into the program.
func linkedOptions(services []string) ([]access.MethodOptions, error) {
	var files protoregistry.Files
	var found []string
	for _, service := range services {
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
		if _, ok := d.(protoreflect.ServiceDescriptor); err != nil || !ok {
			continue // it was made at run time, or written by hand
		}
		found = append(found, service)
		if _, err := files.FindFileByPath(d.ParentFile().Path()); err == nil {
			continue
		}
		if err := files.RegisterFile(d.ParentFile()); err != nil {
			return nil, fmt.Errorf("the .proto file of %s: %w", service, err)
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	return protopolicy.FromFiles(&files, found...)
}
