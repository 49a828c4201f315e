package main_test

import (
	"fmt"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptortest"
	echov1 "github.com/grpcaud/grpcaud/proto/grpcaud/echo/v1"
)

// mirror is a server that describes itself one file at a time, as some do, and
// answers every call with what was collected.
type mirror struct {
	reflectionv1.UnimplementedServerReflectionServer
	file func(request *reflectionv1.ServerReflectionRequest) *descriptorpb.FileDescriptorProto
}

// ServerReflectionInfo implements [reflectionv1.ServerReflectionServer].
func (m *mirror) ServerReflectionInfo(stream reflectionv1.ServerReflection_ServerReflectionInfoServer) error {
	for {
		request, err := stream.Recv()
		if err != nil {
			return nil
		}
		data, err := proto.Marshal(m.file(request))
		if err != nil {
			return err
		}
		if err := stream.Send(&reflectionv1.ServerReflectionResponse{MessageResponse: &reflectionv1.ServerReflectionResponse_FileDescriptorResponse{
			FileDescriptorResponse: &reflectionv1.FileDescriptorResponse{FileDescriptorProto: [][]byte{data}},
		}}); err != nil {
			return err
		}
	}
}

func (m *mirror) serve(t *testing.T) *served {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.WaitForHandlers(true), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		return stream.SendMsg(&echov1.CollectResponse{Texts: []string{"a"}})
	}))
	reflectionv1.RegisterServerReflectionServer(server, m)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	return &served{Addr: listener.Addr().String(), Service: "order-status", line: []string{"--plaintext"}}
}

// TestReflectedImports holds that what a file imports is asked for, too, and that
// an answer is written all the same if it is not to be had.
func TestReflectedImports(t *testing.T) {
	f, files := newField(t), descriptortest.Shop().GetFile()
	orders, echo := files[0], files[1]
	orders.Dependency = append(orders.Dependency, echo.GetName())
	orders.GetService()[0].GetMethod()[0].OutputType = proto.String(".shop.echo.v1.CollectResponse")
	m := &mirror{file: func(*reflectionv1.ServerReflectionRequest) *descriptorpb.FileDescriptorProto { return echo }}
	f.call(t, m.serve(t), "customer-portal", "-d", "{}").want(t, 2, "what the server describes is not shop.orders.v1.OrderStatus")
	for want, imported := range map[string]*descriptorpb.FileDescriptorProto{`"texts"`: echo, `"base64": "CgFh"`: orders} {
		m := &mirror{file: func(request *reflectionv1.ServerReflectionRequest) *descriptorpb.FileDescriptorProto {
			if request.GetFileByFilename() == echo.GetName() {
				return imported
			}
			return orders
		}}
		f.call(t, m.serve(t), "customer-portal").want(t, 0, want)
	}
}

// TestReflectedWithoutEnd holds that a server is not asked for ever: its files
// each import another one.
func TestReflectedWithoutEnd(t *testing.T) {
	f, orders, asked := newField(t), descriptortest.Shop().GetFile()[0], 0
	m := &mirror{file: func(request *reflectionv1.ServerReflectionRequest) *descriptorpb.FileDescriptorProto {
		asked++
		if request.GetFileContainingSymbol() != "" {
			orders.Dependency = append(orders.Dependency, "0.proto")
			return orders
		}
		return &descriptorpb.FileDescriptorProto{Name: proto.String(request.GetFileByFilename()), Dependency: []string{fmt.Sprintf("%d.proto", asked)}}
	}}
	f.call(t, m.serve(t), "customer-portal")
	if asked != 1000 {
		t.Errorf("the server was asked %d times, want 1000", asked)
	}
}
