package descriptor

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	_ "google.golang.org/protobuf/types/known/anypb" // these are to be built in
	_ "google.golang.org/protobuf/types/known/durationpb"
	_ "google.golang.org/protobuf/types/known/emptypb"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
	_ "google.golang.org/protobuf/types/known/structpb"
	_ "google.golang.org/protobuf/types/known/timestamppb"
	_ "google.golang.org/protobuf/types/known/wrapperspb"
)

// Types finds descriptors: among its own, and then among those that are built in.
type Types struct{ Own *protoregistry.Files }

// NewTypes returns the types of a set, in which imports may be missing; nil is an
// empty one.
func NewTypes(set *descriptorpb.FileDescriptorSet) (Types, error) {
	own, err := protodesc.FileOptions{AllowUnresolvable: true}.NewFiles(withBuiltIns(set))
	if err != nil {
		return Types{}, fmt.Errorf("descriptors: %w", err)
	}
	return Types{own}, nil
}

// withBuiltIns returns a set with those imports that are built in. What is of
// google.protobuf is always: its messages have a JSON of their own, which a
// stranger's idea of them would not fit.
func withBuiltIns(set *descriptorpb.FileDescriptorSet) *descriptorpb.FileDescriptorSet {
	whole, known := &descriptorpb.FileDescriptorSet{}, map[string]bool{}
	for _, file := range set.GetFile() {
		if file.GetPackage() != "google.protobuf" {
			whole.File, known[file.GetName()] = append(whole.File, file), true
		}
	}
	for i := 0; i < len(whole.GetFile()); i++ { // which grows
		for _, path := range whole.GetFile()[i].GetDependency() {
			file, err := protoregistry.GlobalFiles.FindFileByPath(path)
			if err == nil && !known[path] {
				whole.File, known[path] = append(whole.File, protodesc.ToFileDescriptorProto(file)), true
			}
		}
	}
	return whole
}

// Missing returns the name of what a message may hold and nobody describes; empty
// if there is nothing of that kind.
func Missing(m protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) protoreflect.FullName {
	switch {
	case m.IsPlaceholder():
		return m.FullName()
	case seen[m.FullName()]:
		return ""
	}
	seen[m.FullName()] = true
	for i := range m.Fields().Len() {
		field := m.Fields().Get(i)
		if field.Enum() != nil && field.Enum().IsPlaceholder() {
			return field.Enum().FullName()
		}
		if field.Message() == nil {
			continue
		}
		if name := Missing(field.Message(), seen); name != "" {
			return name
		}
	}
	return ""
}

// FindFileByPath implements [protodesc.Resolver].
func (t Types) FindFileByPath(path string) (protoreflect.FileDescriptor, error) {
	if file, err := t.Own.FindFileByPath(path); err == nil {
		return file, nil
	}
	return protoregistry.GlobalFiles.FindFileByPath(path)
}

// FindDescriptorByName implements [protodesc.Resolver].
func (t Types) FindDescriptorByName(name protoreflect.FullName) (protoreflect.Descriptor, error) {
	if d, err := t.Own.FindDescriptorByName(name); err == nil {
		return d, nil
	}
	return protoregistry.GlobalFiles.FindDescriptorByName(name)
}

// Services are those of its own.
func (t Types) Services() []protoreflect.ServiceDescriptor {
	var all []protoreflect.ServiceDescriptor
	for file := range t.Own.RangeFiles {
		for i := range file.Services().Len() {
			all = append(all, file.Services().Get(i))
		}
	}
	return all
}

// Service returns the gRPC service of that name; nil if it is not among t.
func (t Types) Service(name string) protoreflect.ServiceDescriptor {
	d, _ := t.FindDescriptorByName(protoreflect.FullName(name))
	service, _ := d.(protoreflect.ServiceDescriptor)
	return service
}
