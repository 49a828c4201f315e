package initial_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/initial"
	cataloguev1 "github.com/grpcaud/grpcaud/proto/acme/catalogue/v1"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	echov1 "github.com/grpcaud/grpcaud/proto/grpcaud/echo/v1"
)

// TestInitReadsProtoFilesAsProtocDoes compares what is read of the text of a file with its
// descriptor, which the compiler made.
func TestInitReadsProtoFilesAsProtocDoes(t *testing.T) {
	for path, file := range map[string]*descriptorpb.FileDescriptorProto{
		"acme/catalogue/v1/catalogue.proto": protodesc.ToFileDescriptorProto(cataloguev1.File_acme_catalogue_v1_catalogue_proto),
		"acme/hr/v1/human_resource.proto":   protodesc.ToFileDescriptorProto(hrv1.File_acme_hr_v1_human_resource_proto),
		"acme/orders/v1/order_status.proto": protodesc.ToFileDescriptorProto(ordersv1.File_acme_orders_v1_order_status_proto),
		"grpcaud/echo/v1/echo.proto":        protodesc.ToFileDescriptorProto(echov1.File_grpcaud_echo_v1_echo_proto),
	} {
		text, err := os.ReadFile(filepath.Join("../../../../proto", path))
		if err != nil {
			t.Fatal(err)
		}
		got, err := initial.ReadProto(path, string(text))
		want := initial.FromDescriptors(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{file}})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-protoc +read):\n%s", path, err, diff)
		}
	}
}

// hard has what looks like a service and is none.
const hard = `// service A {}
/* service B { */ syntax = 'proto3' ;
/**/
package shop . v1; ;
import public "x.proto"; option java_package = "service C {";
option (x).y = { a: "}" b { c: 1 } };
option go_package="example.com/\x73hop;shopv1" ;
local message L {} export enum E { A = 0; }
message service { string rpc = 1; message M {} oneof package { int32 service = 2 [(o) = {a: ";"}]; } reserved 5 to max; }
enum rpc { option allow_alias = true; X = 0; }
extend google.protobuf.MethodOptions { bool x = 50000; }
service Orders {
  option deprecated = true;
  option (x) = { a: "}" };
  rpc Get(stream .shop.v1.Get) returns (stream Got) { option (http) = { get: "/v1/{id}" }; option y = 1; } ;
  rpc List(L)returns(M);rpc rpc (L) returns (M) {};
}
service service {}
`

func TestInitReadsHardProtoFiles(t *testing.T) {
	got, err := initial.ReadProto("hard.proto", hard)
	want := []initial.Service{
		{Package: "shop.v1", Short: "Orders", Methods: []string{"Get", "List", "rpc"}, GoPackage: "example.com/shop"},
		{Package: "shop.v1", Short: "service", GoPackage: "example.com/shop"},
	}
	for i := range want {
		want[i].GoPackage += ";shopv1"
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestInitRefusesWhatIsNoProtoFile(t *testing.T) {
	for text, want := range map[string]string{
		"hello":                                   `x.proto:1: want a declaration of a .proto file, got "hello"`,
		"syntax = \"proto3\";\n\nservice {}":      `x.proto:3: want a name, got "{"`,
		"service A {":                             `want rpc or option, got ""`,
		"service A { rpc B(C) returns (D) }":      `a "}" that nothing opens`,
		"service A { rpc B(C) returns (D) {":      "the file ends within a declaration",
		"service A { message B {} }":              "want rpc or option",
		"service A {}\nservice A {}":              "declared twice",
		"message A {":                             "the file ends within a declaration",
		"message A }":                             `a "}" that nothing opens`,
		"message A { ( }":                         `a "}" that nothing opens`,
		"/* service A {}":                         "a comment that does not end",
		"import \"x":                              "a string that does not end",
		"package a b":                             `want ";"`,
		"option go_package = x;":                  "want a string",
		"\x00":                                    "want a declaration",
		"service A { rpc 1(C) returns (D); }":     "want a name",
		"service A { rpc B(C) returns (D); } }":   "want a declaration",
		"version: 1\nissuers: {corp: {url: x}}":   "want a declaration",
		"option go_package = \"a\\q\"; message A": "want a string",
	} {
		services, err := initial.ReadProto("x.proto", text)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "protoc --descriptor_set_out=set.binpb") {
			t.Errorf("%q: got %v, %v; want %s", text, services, err, want)
		}
	}
}

// FuzzReadProto shows that what is read makes a matrix, or is refused.
func FuzzReadProto(f *testing.F) {
	f.Add(hard)
	f.Add("syntax = \"proto2\"; service A { rpc B(C) returns (D); }")
	f.Fuzz(func(t *testing.T, text string) {
		services, err := initial.ReadProto("x.proto", text)
		if err != nil {
			return
		}
		if services, err = initial.Sort(services); err == nil {
			loads(t, services)
		}
	})
}
