package initial_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/initial"
)

// TestInitCodeNamesServicesAsTheGeneratorDoes compares the names with those of protoc-gen-go.
func TestInitCodeNamesServicesAsTheGeneratorDoes(t *testing.T) {
	names := []string{"Orders", "orders", "order_status", "Order_Status", "_orders", "_0x1F", "_1e3", "a1b2", "A__b", "A_1", "A_", "_", "ordersV1_API"}
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("a.proto"), Syntax: proto.String("proto3"), Package: proto.String("a.v1"),
		Options: &descriptorpb.FileOptions{GoPackage: proto.String("example.com/a")},
	}
	var services []initial.Service
	for _, name := range names {
		file.Service = append(file.Service, &descriptorpb.ServiceDescriptorProto{Name: proto.String(name)})
		services = append(services, initial.Service{Package: "a.v1", Short: name, GoPackage: "example.com/a"})
	}
	plugin, err := protogen.Options{}.New(&pluginpb.CodeGeneratorRequest{FileToGenerate: []string{"a.proto"}, ProtoFile: []*descriptorpb.FileDescriptorProto{file}})
	if err != nil {
		t.Fatal(err)
	}
	sorted, err := initial.Sort(services)
	if err != nil {
		t.Fatal(err)
	}
	code, err := initial.Wiring(sorted)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range plugin.Files[0].Services {
		if !strings.Contains(string(code), "Register"+s.GoName+"Server(srv, ") {
			t.Errorf("%s is %s in the generated code, and not here", s.Desc.Name(), s.GoName)
		}
	}
}

// TestInitCodeIsOfNamesAlone shows that nothing in a descriptor becomes code of its own.
func TestInitCodeIsOfNamesAlone(t *testing.T) {
	for _, path := range []string{"", "a\nb", `a"; import "os`, "a b", "a/../b", "a//b", "`", "a\\b", "é"} {
		s := initial.Service{Package: "a.v1", Short: "Orders", GoPackage: path}
		if code, err := initial.Wiring([]initial.Service{s}); err == nil || !strings.Contains(err.Error(), "set option go_package") {
			t.Errorf("go_package %q: got %v\n%s", path, err, code)
		}
	}
}
