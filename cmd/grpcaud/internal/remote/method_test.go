package remote_test

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptortest"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/remote"
)

// replies writes an empty reply of each method of a set as JSON, and reads a request.
// A set that makes no sense has no methods.
func replies(set *descriptorpb.FileDescriptorSet) error {
	known, err := descriptor.NewTypes(set)
	if err != nil {
		return nil
	}
	for _, service := range known.Services() {
		for i := range service.Methods().Len() {
			m := remote.NewMethod(known, service.Methods().Get(i))
			if _, err := m.FormatEmpty(); err != nil {
				return err
			}
			_, _ = m.Requests("{}")
		}
	}
	return nil
}

// TestWellKnownTypesAreBuiltIn shows that a set cannot redefine a timestamp.
func TestWellKnownTypesAreBuiltIn(t *testing.T) {
	set := descriptortest.Shop()
	odd := &descriptorpb.FileDescriptorProto{
		Name: proto.String("google/protobuf/timestamp.proto"), Package: proto.String("google.protobuf"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Timestamp")}},
	}
	set.File = append(set.File, odd)
	set.GetFile()[0].GetService()[0].GetMethod()[0].OutputType = proto.String(".google.protobuf.Timestamp")
	if err := replies(set); err != nil {
		t.Error(err)
	}
}

// FuzzMessages shows that the messages of every set have a JSON form.
func FuzzMessages(f *testing.F) {
	m := &descriptorpb.FieldDescriptorProto{
		Name: proto.String("t"), Number: proto.Int32(1), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		Type: descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(), TypeName: proto.String(".google.protobuf.Any"),
	}
	small, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{{
		Name: proto.String("f"), Dependency: []string{"google/protobuf/any.proto"},
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("M"), Field: []*descriptorpb.FieldDescriptorProto{m}}},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("S"), Method: []*descriptorpb.MethodDescriptorProto{
			{Name: proto.String("C"), InputType: proto.String(".M"), OutputType: proto.String(".M")},
		}}},
	}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	for _, seed := range []string{"", "\x0a\x00", "\x0a\x08\x12\x01a\x32\x03\x0a\x01B", "\x0a\x10\x0a\x01f\x32\x0b\x0a\x01S\x12\x06\x0a\x01M\x30\x01"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var set descriptorpb.FileDescriptorSet
		if proto.Unmarshal(data, &set) != nil {
			return
		}
		if err := replies(&set); err != nil {
			t.Error(err)
		}
	})
}
