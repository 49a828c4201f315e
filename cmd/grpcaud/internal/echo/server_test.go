package echo_test

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptortest"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/echo"
)

// servicesOf describes the services of a set to gRPC. A set that makes no sense has
// none.
func servicesOf(set *descriptorpb.FileDescriptorSet) []*grpc.ServiceDesc {
	known, err := descriptor.NewTypes(set)
	if err != nil {
		return nil
	}
	var all []*grpc.ServiceDesc
	for _, service := range known.Services() {
		all = append(all, echo.ServiceDesc(service))
	}
	return all
}

// TestMethodsAreOfTheDescribedKind shows that methods are unary or streaming as the
// descriptors say.
func TestMethodsAreOfTheDescribedKind(t *testing.T) {
	got := map[string]grpc.StreamDesc{}
	for _, service := range servicesOf(descriptortest.Shop()) {
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
	if !streams || !watch.ServerStreams || watch.ClientStreams || !unary || len(got) != 8 {
		t.Errorf("methods: %+v", got)
	}
}

// FuzzServices shows that the services of every set can be registered.
func FuzzServices(f *testing.F) {
	small, err := proto.Marshal(descriptortest.Shop())
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
		for _, service := range servicesOf(&set) {
			if _, twice := server.GetServiceInfo()[service.ServiceName]; twice {
				t.Fatalf("%s is described twice", service.ServiceName)
			}
			server.RegisterService(service, nil)
		}
	})
}
