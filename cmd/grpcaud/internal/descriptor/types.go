package descriptor

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	_ "google.golang.org/protobuf/types/known/anypb" // compiled in for messages that use them
	_ "google.golang.org/protobuf/types/known/durationpb"
	_ "google.golang.org/protobuf/types/known/emptypb"
	_ "google.golang.org/protobuf/types/known/fieldmaskpb"
	_ "google.golang.org/protobuf/types/known/structpb"
	_ "google.golang.org/protobuf/types/known/timestamppb"
	_ "google.golang.org/protobuf/types/known/wrapperspb"
)

// Types finds descriptors: first among its own, then among those that are compiled in.
type Types struct{ Own *protoregistry.Files }

// NewTypes returns the types of a set, in which imports may be missing. A nil set is
// empty.
func NewTypes(set *descriptorpb.FileDescriptorSet) (Types, error) {
	own, err := protodesc.FileOptions{AllowUnresolvable: true}.NewFiles(withBuiltIns(set))
	if err != nil {
		return Types{}, fmt.Errorf("descriptors: %w", err)
	}
	return Types{own}, nil
}

// withBuiltIns adds to a set the imports that are compiled in. The files of
// google.protobuf are always those: protojson knows their messages, and would fail on
// other definitions of them.
func withBuiltIns(set *descriptorpb.FileDescriptorSet) *descriptorpb.FileDescriptorSet {
	whole, known := &descriptorpb.FileDescriptorSet{}, map[string]bool{}
	for _, file := range set.GetFile() {
		if file.GetPackage() != "google.protobuf" {
			whole.File, known[file.GetName()] = append(whole.File, file), true
		}
	}
	for i := 0; i < len(whole.GetFile()); i++ { // the list grows
		for _, path := range whole.GetFile()[i].GetDependency() {
			file, err := protoregistry.GlobalFiles.FindFileByPath(path)
			if err == nil && !known[path] {
				whole.File, known[path] = append(whole.File, protodesc.ToFileDescriptorProto(file)), true
			}
		}
	}
	return whole
}

// Missing returns the name of a type that a message uses and that is not described;
// empty if there is none.
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

// Services returns the services of the set.
func (t Types) Services() []protoreflect.ServiceDescriptor {
	var all []protoreflect.ServiceDescriptor
	for file := range t.Own.RangeFiles {
		for i := range file.Services().Len() {
			all = append(all, file.Services().Get(i))
		}
	}
	return all
}

// Service returns the gRPC service of that name; nil if it is not known.
func (t Types) Service(name string) protoreflect.ServiceDescriptor {
	d, _ := t.FindDescriptorByName(protoreflect.FullName(name))
	service, _ := d.(protoreflect.ServiceDescriptor)
	return service
}
