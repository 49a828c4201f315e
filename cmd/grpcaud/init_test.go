package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/reflection"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// reflecting starts a server of two services, and returns its address.
func reflecting(t *testing.T, register func(*grpc.Server), opts ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(opts...)
	ordersv1.RegisterOrderStatusServer(server, ordersv1.UnimplementedOrderStatusServer{})
	hrv1.RegisterHumanResourceServer(server, hrv1.UnimplementedHumanResourceServer{})
	register(server)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		<-ended
	})
	return listener.Addr().String()
}

// TestInitOfEachSource shows that .proto files, descriptors and a running server make the
// same matrix, and that check has nothing to say but what is to be decided.
func TestInitOfEachSource(t *testing.T) {
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(ordersv1.File_acme_orders_v1_order_status_proto),
		protodesc.ToFileDescriptorProto(hrv1.File_acme_hr_v1_human_resource_proto),
	}})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, name := range []string{"orders/v1/order_status.proto", "hr/v1/human_resource.proto"} {
		text, err := os.ReadFile(filepath.Join("../../proto/acme", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, name), string(text))
	}
	write(t, filepath.Join(folder, ".hidden/x.proto"), "service Hidden {}")
	var texts []string
	for name, args := range map[string][]string{
		"folder":      {folder},
		"files":       {filepath.Join(folder, "hr/v1/human_resource.proto"), filepath.Join(folder, "orders/v1/order_status.proto")},
		"descriptors": {file(t, "set.binpb", string(set))},
		"server":      {"--addr", reflecting(t, func(s *grpc.Server) { reflection.Register(s) }), "--plaintext"},
	} {
		out := filepath.Join(t.TempDir(), "access.yaml")
		run(t, "", append([]string{"init", "--out", out}, args...)...).want(t, 0, "2 services with 7 methods, all closed")
		r := run(t, "", "check", out)
		r.want(t, 0, `nobody may call "order-status": no allow`, `nobody may call "human-resource": no allow`)
		if got := strings.Count(r.stdout+r.stderr, "no allow"); strings.Contains(r.stdout+r.stderr, "error") || got != 2 {
			t.Errorf("%s: check says\n%s%s", name, r.stdout, r.stderr)
		}
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, regexp.MustCompile(`from .*; from now`).ReplaceAllString(string(text), "from X; from now"))
		again := run(t, "", append([]string{"init", "--out", out}, args...)...)
		again.want(t, 2, "exists, and is left as it is")
		run(t, "", append([]string{"init", "--out", "-"}, args...)...).want(t, 0, "closed:\n      - GetEmployee\n      - ListEmployees\n      - ReviewEmployees\n")
	}
	for _, text := range texts[1:] {
		if diff := cmp.Diff(texts[0], text); diff != "" {
			t.Errorf("two sources differ:\n%s", diff)
		}
	}
}

// many is a server of 500 services that describes itself.
type many struct {
	reflectionv1.UnimplementedServerReflectionServer
}

// ServerReflectionInfo implements [reflectionv1.ServerReflectionServer].
func (many) ServerReflectionInfo(stream reflectionv1.ServerReflection_ServerReflectionInfoServer) error {
	for {
		request, err := stream.Recv()
		if err != nil {
			return nil
		}
		answer := &reflectionv1.ServerReflectionResponse{}
		if symbol := request.GetFileContainingSymbol(); symbol != "" {
			pkg, short, _ := strings.Cut(symbol, ".")
			data, err := proto.Marshal(&descriptorpb.FileDescriptorProto{
				Name: &symbol, Package: &pkg, Dependency: []string{"nowhere.proto"},
				Service: []*descriptorpb.ServiceDescriptorProto{{Name: &short, Method: []*descriptorpb.MethodDescriptorProto{{Name: proto.String("Get")}}}},
			})
			if err != nil {
				return err
			}
			answer.MessageResponse = &reflectionv1.ServerReflectionResponse_FileDescriptorResponse{FileDescriptorResponse: &reflectionv1.FileDescriptorResponse{FileDescriptorProto: [][]byte{data}}}
		} else {
			list := &reflectionv1.ListServiceResponse{}
			for n := range 500 {
				list.Service = append(list.Service, &reflectionv1.ServiceResponse{Name: fmt.Sprintf("p%d.Orders%d", n%7, n)})
			}
			answer.MessageResponse = &reflectionv1.ServerReflectionResponse_ListServicesResponse{ListServicesResponse: list}
		}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
}

// TestInitOfManyServices asks a server with 500 services.
func TestInitOfManyServices(t *testing.T) {
	addr := reflecting(t, func(s *grpc.Server) { reflectionv1.RegisterServerReflectionServer(s, many{}) })
	out := filepath.Join(t.TempDir(), "access.yaml")
	run(t, "", "init", "--addr", addr, "--plaintext", "--out", out).want(t, 0, "500 services with 500 methods, all closed")
	run(t, "", "check", out).want(t, 0)
}

// TestInitSaysWhatElseThereIs shows what cannot be read, and what the error names instead.
func TestInitSaysWhatElseThereIs(t *testing.T) {
	refuse := grpc.StreamInterceptor(func(any, grpc.ServerStream, *grpc.StreamServerInfo, grpc.StreamHandler) error {
		return status.Error(codes.Unauthenticated, "no token")
	})
	nothing := func(*grpc.Server) {}
	for name, row := range map[string]struct {
		want string
		args []string
	}{
		"no reflection":        {"has no reflection service; give .proto files or a descriptor set instead", []string{"--addr", reflecting(t, nothing), "--plaintext"}},
		"guarded reflection":   {"refuses reflection", []string{"--addr", reflecting(t, func(s *grpc.Server) { reflection.Register(s) }, refuse), "--plaintext"}},
		"no server":            {"give .proto files or a descriptor set instead", []string{"--addr", "127.0.0.1:1", "--plaintext", "--timeout", "5s"}},
		"no TLS":               {"the server does not use TLS; on a loopback address use --plaintext", []string{"--addr", reflecting(t, nothing)}},
		"an address":           {"no such file or directory; if it is a running server, write --addr 127.0.0.1:8080", []string{"127.0.0.1:8080"}},
		"no address":           {"no such file or directory\n", []string{"orders:latest"}},
		"nothing":              {"want .proto files", nil},
		"both":                 {"both --addr and files", []string{"--addr", "127.0.0.1:1", "x.proto"}},
		"no file":              {"no such file", []string{"nowhere.proto"}},
		"an empty folder":      {"no gRPC service in it, since there is no .proto file in it or below", []string{t.TempDir()}},
		"no service":           {"no gRPC service in it", []string{file(t, "a.proto", "syntax = \"proto3\"; message M {}")}},
		"no .proto file":       {"protoc --descriptor_set_out=set.binpb", []string{file(t, "a.proto", "version: 1")}},
		"no descriptors":       {"as buf build -o and protoc --descriptor_set_out make it", []string{file(t, "set.binpb", "service A {}")}},
		"code without package": {"set option go_package", []string{"--go", file(t, "a.proto", "service A {}")}},
		"code of a bad path":   {"set option go_package", []string{"--go", file(t, "a.proto", `option go_package = "a\"; import \"os"; service A {}`)}},
		"nowhere to write":     {"no such file", []string{"--out", filepath.Join(t.TempDir(), "no", "access.yaml"), file(t, "a.proto", "service A {}")}},
	} {
		t.Run(name, func(t *testing.T) { run(t, "", append([]string{"init"}, row.args...)...).want(t, 2, row.want) })
	}
}

// TestInitWithoutAPackage shows that a .proto file needs none.
func TestInitWithoutAPackage(t *testing.T) {
	out := filepath.Join(t.TempDir(), "access.yaml")
	run(t, "", "init", "--out", out, file(t, "a.proto", "service Orders { rpc Get(A) returns (B); }")).want(t, 0)
	write(t, out, strings.Replace(strings.Replace(readFile(t, out), "    closed:\n      - Get\n", "    allow: [{clients: [portal], methods: [Get], scopes: none}]\n", 1), "clients: {}", "clients: {portal: {}}", 1))
	run(t, "", "check", out).want(t, 0)
	d := developAt(t, out)
	d.call(t, d.commands("call")[0], d.serveAt(t)).want(t, 0)
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestInitReadsFoldersWithLinks shows that the folder may be a link, and that one in it that
// leads to a folder is an error.
func TestInitReadsFoldersWithLinks(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "a.proto"), "service A { rpc Get (B) returns (B); }")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(folder, link); err != nil {
		t.Skipf("no links here: %v", err)
	}
	run(t, "", "init", link, "--out", "-").want(t, 0, "grpc: [A]")
	if err := os.Symlink(folder, filepath.Join(folder, "again.proto")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{folder, link} {
		run(t, "", "init", path, "--out", "-").want(t, 2, "again.proto: a folder, want a regular file")
	}
}

// endless is a reflection service that describes more and more services.
type endless struct {
	reflectionv1.UnimplementedServerReflectionServer
}

func (endless) ServerReflectionInfo(stream reflectionv1.ServerReflection_ServerReflectionInfoServer) error {
	for n := 0; ; n++ {
		request, err := stream.Recv()
		if err != nil {
			return err
		}
		answer := &reflectionv1.ServerReflectionResponse{}
		if symbol := request.GetFileContainingSymbol(); symbol == "" {
			list := &reflectionv1.ListServiceResponse{}
			for i := range 1000 {
				list.Service = append(list.Service, &reflectionv1.ServiceResponse{Name: fmt.Sprint("S", i)})
			}
			answer.MessageResponse = &reflectionv1.ServerReflectionResponse_ListServicesResponse{ListServicesResponse: list}
		} else {
			data, err := proto.Marshal(&descriptorpb.FileDescriptorProto{Name: proto.String(fmt.Sprint(n)), Package: proto.String(strings.Repeat("a", 1<<20))})
			if err != nil {
				return err
			}
			answer.MessageResponse = &reflectionv1.ServerReflectionResponse_FileDescriptorResponse{
				FileDescriptorResponse: &reflectionv1.FileDescriptorResponse{FileDescriptorProto: [][]byte{data}},
			}
		}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
}

// TestInitReadsNoEndlessAnswer shows that a server cannot fill the memory.
func TestInitReadsNoEndlessAnswer(t *testing.T) {
	addr := reflecting(t, func(s *grpc.Server) { reflectionv1.RegisterServerReflectionServer(s, endless{}) })
	run(t, "", "init", "--addr", addr, "--plaintext", "--out", "-").want(t, 2, "the server's descriptions have more than 64 MiB")
}

// TestInitCodeCompiles builds the code for the services of the company.
func TestInitCodeCompiles(t *testing.T) {
	r := run(t, "", "init", "--go", "../../proto/acme")
	r.want(t, 0)
	module, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	code := file(t, "wiring.go", r.stdout+"\nfunc main() {}\n")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(module, "cmd/wiring/wiring.go"): code}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-o", os.DevNull, "-overlay="+file(t, "overlay.json", string(overlay)), "./cmd/wiring")
	build.Dir = module
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, r.stdout)
	}
}
