package protopolicy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/nearest"
	grpcaudv1 "github.com/grpcaud/grpcaud/proto/grpcaud/v1"
)

// FromFiles returns the options in files, such as the files that are linked into the
// program: [protoregistry.GlobalFiles]. services are the full names of the gRPC
// services whose options are returned; it is an error if files do not have one of
// them. Without services, all are read. Services without options are left out. The
// options are sorted by the names of the services, and have the order of the file.
func FromFiles(files *protoregistry.Files, services ...string) ([]access.MethodOptions, error) {
	set := &descriptorpb.FileDescriptorSet{}
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if file.Services().Len() > 0 {
			set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
		}
		return true
	})
	data, err := proto.Marshal(set) // parsed again below, so that options of dynamic types get the generated types
	if err == nil {
		err = parse(data, set)
	}
	if err != nil {
		return nil, fmt.Errorf("protopolicy: files: %w", err)
	}
	return from(set.GetFile(), services)
}

// ownOptions are the types of the options of package grpcaud.v1.
var ownOptions = sync.OnceValue(func() *protoregistry.Types {
	types := &protoregistry.Types{}
	for _, option := range []protoreflect.ExtensionType{grpcaudv1.E_Service, grpcaudv1.E_Method} {
		_ = types.RegisterExtension(option) // fails for a second option of one name alone
	}
	return types
})

// parse parses a serialized descriptor set. The options of other packages stay fields
// without a type, whether or not the program has types for them.
func parse(data []byte, set *descriptorpb.FileDescriptorSet) error {
	return proto.UnmarshalOptions{Resolver: ownOptions()}.Unmarshal(data, set)
}

// maxSet is the size of the largest descriptor set that is read, in bytes.
const maxSet = 64 << 20

// FromDescriptorSet is [FromFiles] for a serialized google.protobuf FileDescriptorSet,
// as buf build and protoc --descriptor_set_out write it. The data need not be trusted.
func FromDescriptorSet(data []byte, services ...string) ([]access.MethodOptions, error) {
	if len(data) > maxSet {
		return nil, fmt.Errorf("protopolicy: descriptor set: got %d MiB, want at most %d", len(data)>>20, maxSet>>20)
	}
	var set descriptorpb.FileDescriptorSet
	if err := parse(data, &set); err != nil {
		return nil, fmt.Errorf("protopolicy: descriptor set: %w", err)
	}
	if len(set.GetFile()) == 0 {
		return nil, errors.New("protopolicy: descriptor set: no files; buf build -o set.binpb writes one")
	}
	return from(set.GetFile(), services)
}

// from reads the services of the files.
func from(files []*descriptorpb.FileDescriptorProto, wanted []string) ([]access.MethodOptions, error) {
	found := map[string][]access.MethodOptions{}
	var errs []error
	for _, file := range files {
		for _, s := range file.GetService() {
			grpc := string(protoreflect.FullName(file.GetPackage()).Append(protoreflect.Name(s.GetName())))
			if len(wanted) > 0 && !slices.Contains(wanted, grpc) {
				found[grpc] = nil
				continue
			}
			options, err := service{file.GetName(), grpc, s}.options()
			found[grpc] = append(found[grpc], options...)
			errs = append(errs, err)
		}
	}
	names := slices.Sorted(maps.Keys(found))
	for _, name := range wanted {
		if _, ok := found[name]; !ok {
			errs = append(errs, fmt.Errorf("protopolicy: no service %q in the descriptors%s", name, nearest.Hint(name, names)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var all []access.MethodOptions
	for _, name := range names {
		all = append(all, found[name]...)
	}
	return all, nil
}

// service is a gRPC service as its file describes it.
type service struct {
	file, grpc string
	*descriptorpb.ServiceDescriptorProto
}

// options returns the options of each method, in the order of the file.
func (s service) options() ([]access.MethodOptions, error) {
	whole, spoken, err := read[*grpcaudv1.ServiceAccess](s.GetOptions(), grpcaudv1.E_Service)
	if err != nil {
		return nil, s.wrong(err)
	}
	var all []access.MethodOptions
	for _, m := range s.GetMethod() {
		own, has, err := read[*grpcaudv1.MethodAccess](m.GetOptions(), grpcaudv1.E_Method)
		var http []string
		if err == nil {
			http, err = bindings(m.GetOptions().ProtoReflect().GetUnknown())
		}
		if err == nil && (has || spoken || len(http) > 0) {
			err = s.named(m.GetName())
		}
		switch {
		case err != nil:
			return nil, s.wrong(fmt.Errorf("%.64q: %w", m.GetName(), err))
		case has:
			all = append(all, s.option(m.GetName(), s.GetName()+"."+m.GetName(), whole, own, http))
		case spoken:
			all = append(all, s.option(m.GetName(), s.GetName(), whole, whole.GetMethods(), http))
		case len(http) > 0:
			all = append(all, s.option(m.GetName(), s.GetName()+"."+m.GetName(), nil, nil, http))
		}
	}
	return all, nil
}

func (s service) option(method, place string, whole *grpcaudv1.ServiceAccess, m *grpcaudv1.MethodAccess, http []string) access.MethodOptions {
	return access.MethodOptions{
		GRPC: s.grpc, Method: method, Place: s.file + ":" + place, Audience: whole.GetAudience(), Public: m.GetPublic(), HTTP: http,
		Demands: access.Allow{
			Clients: m.GetClients(), AnyClient: m.GetAnyClient(),
			Scopes: m.GetScopes(), AnyScopes: m.GetAnyScopes(), NoScopes: m.GetNoScopes(),
			Roles: m.GetRoles(), ACR: m.GetAcr(), MaxAuthAge: m.GetMaxAuthAge().AsDuration(), Optional: m.GetOptional(), Online: m.GetOnline(),
		},
	}
}

// named checks names that messages repeat.
func (s service) named(method string) error {
	if !protoreflect.FullName(s.grpc).Append(protoreflect.Name(method)).IsValid() || strings.ContainsFunc(s.file, unicode.IsControl) {
		return errors.New("not the name of a method, or of a file")
	}
	return nil
}

func (s service) wrong(err error) error {
	return fmt.Errorf("protopolicy: %.128q: service %.128q: %w", s.file, s.grpc, err)
}

// read returns the value of an option, and whether the option is present.
func read[T proto.Message](options proto.Message, of protoreflect.ExtensionType) (value T, ok bool, err error) {
	if isUnknown(options.ProtoReflect().GetUnknown(), of.TypeDescriptor().Number()) {
		return value, false, fmt.Errorf("the option %s has another form than this version of grpcaud knows", of.TypeDescriptor().FullName())
	}
	if !proto.HasExtension(options, of) {
		return value, false, nil
	}
	value = proto.GetExtension(options, of).(T)
	return value, true, known(value.ProtoReflect())
}

// isUnknown reports whether the field with this number is among the fields that could
// not be parsed.
func isUnknown(unknown []byte, number protowire.Number) bool {
	for len(unknown) > 0 {
		n, _, length := protowire.ConsumeField(unknown)
		if n == number || length < 0 {
			return true
		}
		unknown = unknown[length:]
	}
	return false
}

// known refuses fields that a later version may have added to m or to a message in it,
// and invalid durations.
func known(m protoreflect.Message) (err error) {
	if len(m.GetUnknown()) > 0 {
		return fmt.Errorf("%s has a field that this version of grpcaud does not know", m.Descriptor().FullName())
	}
	if d, ok := m.Interface().(*durationpb.Duration); ok && (d.CheckValid() != nil || d.AsDuration() <= 0) {
		return errors.New("max_auth_age: want more than 0")
	}
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if field.Message() != nil {
			err = known(v.Message())
		}
		return err == nil
	})
	return err
}
