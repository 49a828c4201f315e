package main_test

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	grpcaud "github.com/grpcaud/grpcaud/cmd/grpcaud"
)

// TestDescribed holds that methods are of the kind that the descriptors say.
func TestDescribed(t *testing.T) {
	got := map[string]grpc.StreamDesc{}
	services, err := grpcaud.Describe(shopFiles(t))
	if err != nil {
		t.Error(err)
	}
	for _, service := range services {
		for _, m := range service.Methods {
			got["/"+service.ServiceName+"/"+m.MethodName] = grpc.StreamDesc{}
		}
		for _, s := range service.Streams {
			s.Handler = nil
			got["/"+service.ServiceName+"/"+s.StreamName] = s
		}
	}
	const orders = "/shop.orders.v1.OrderStatus/"
	watch, streams := got[orders+"WatchOrderStatus"]
	_, unary := got[orders+"GetOrderStatus"]
	if !streams || !watch.ServerStreams || watch.ClientStreams || !unary || len(got) != 7 {
		t.Errorf("methods: %+v", got)
	}
}

// TestWellKnownTypesAreBuiltIn holds that nobody else says what a timestamp is.
func TestWellKnownTypesAreBuiltIn(t *testing.T) {
	set := shopFiles(t)
	odd := &descriptorpb.FileDescriptorProto{
		Name: proto.String("google/protobuf/timestamp.proto"), Package: proto.String("google.protobuf"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Timestamp")}},
	}
	set.File = append(set.File, odd)
	set.GetFile()[0].GetService()[0].GetMethod()[0].OutputType = proto.String(".google.protobuf.Timestamp")
	if _, err := grpcaud.Describe(set); err != nil {
		t.Error(err)
	}
}

// FuzzTypes has descriptors of strangers, from files and from servers, make
// services that can be registered, and messages that have a JSON; or none.
func FuzzTypes(f *testing.F) {
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
		server := grpc.NewServer()
		services, err := grpcaud.Describe(&set)
		if err != nil {
			t.Error(err)
		}
		for _, service := range services {
			if _, twice := server.GetServiceInfo()[service.ServiceName]; twice {
				t.Fatalf("%s is described twice", service.ServiceName)
			}
			server.RegisterService(service, nil)
		}
	})
}
