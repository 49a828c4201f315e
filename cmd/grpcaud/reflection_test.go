package main_test

import (
	"fmt"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptortest"
	echov1 "github.com/grpcaud/grpcaud/proto/grpcaud/echo/v1"
)

// reflector is a server that describes itself one file at a time, as some do, and
// answers each call with an answer of Collect.
type reflector struct {
	reflectionv1.UnimplementedServerReflectionServer
	file func(request *reflectionv1.ServerReflectionRequest) *descriptorpb.FileDescriptorProto
}

// ServerReflectionInfo implements [reflectionv1.ServerReflectionServer].
func (m *reflector) ServerReflectionInfo(stream reflectionv1.ServerReflection_ServerReflectionInfoServer) error {
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

func (m *reflector) serve(t *testing.T) *served {
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
	return &served{Addr: listener.Addr().String(), Service: "order-status", flags: []string{"--plaintext"}}
}

// TestCallAsksForImports shows that the imports of a file are requested, and that a
// reply is written all the same if one is missing.
func TestCallAsksForImports(t *testing.T) {
	f, files := newField(t), descriptortest.Shop().GetFile()
	orders, echo := files[0], files[1]
	orders.Dependency = append(orders.Dependency, echo.GetName())
	orders.GetService()[0].GetMethod()[0].OutputType = proto.String(".shop.echo.v1.CollectResponse")
	m := &reflector{file: func(*reflectionv1.ServerReflectionRequest) *descriptorpb.FileDescriptorProto { return echo }}
	f.call(t, m.serve(t), "customer-portal", "-d", "{}").want(t, 2, "the server describes another service than shop.orders.v1.OrderStatus")
	for want, imported := range map[string]*descriptorpb.FileDescriptorProto{`"texts"`: echo, `"base64": "CgFh"`: orders} {
		m := &reflector{file: func(request *reflectionv1.ServerReflectionRequest) *descriptorpb.FileDescriptorProto {
			if request.GetFileByFilename() == echo.GetName() {
				return imported
			}
			return orders
		}}
		f.call(t, m.serve(t), "customer-portal").want(t, 0, want)
	}
}

// TestReflectionIsBounded shows that a server whose files each import another one is not
// asked without end.
func TestReflectionIsBounded(t *testing.T) {
	f, orders, asked := newField(t), descriptortest.Shop().GetFile()[0], 0
	m := &reflector{file: func(request *reflectionv1.ServerReflectionRequest) *descriptorpb.FileDescriptorProto {
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

// TestCallSaysWhyMessagesAreNotKnown shows that a server without reflection, and one that
// refuses it, are told apart in a sentence.
func TestCallSaysWhyMessagesAreNotKnown(t *testing.T) {
	f := newField(t)
	for want, st := range map[string]*status.Status{
		"since the server has no reflection service; give --descriptors":                                                        status.New(codes.Unimplemented, "unknown service"),
		"since the server refuses reflection; its matrix can open grpc.reflection.v1.ServerReflection under public; give":       status.New(codes.PermissionDenied, "no"),
		"since the server refuses reflection; its matrix can open grpc.reflection.v1.ServerReflection under public; give --des": status.New(codes.Unauthenticated, "no"),
		"since reflection failed: try again; give --descriptors":                                                                status.New(codes.ResourceExhausted, "try again"),
	} {
		s := &served{Addr: foreignServer(t, st, nil), Service: "order-status", flags: []string{"--plaintext"}}
		f.call(t, s, "customer-portal", "-d", "{}").want(t, 2, "-d cannot be used: the messages of /shop.orders.v1.OrderStatus/GetOrderStatus are not known, "+want)
	}
}

// TestEchoIsCalledWithoutReflection shows that what serve and call say about the Echo
// service is true: it is answered where the matrix lists it, and its messages are known.
func TestEchoIsCalledWithoutReflection(t *testing.T) {
	f := newField(t)
	f.change(t, ", grpc.reflection.v1.ServerReflection]", "]")
	s := f.serve(t, "echo", "--plaintext")
	f.call(t, s, "customer-portal", "Say", "-d", `{"text": "hello"}`).want(t, 0, `"text": "hello"`, `"client": "customer-portal"`)
	for _, command := range []string{"serve", "call"} {
		run(t, "", command, "--help").want(t, 0, "grpcaud.echo.v1.Echo", "lists")
	}
}
