// Package descriptortest has descriptors for tests.
package descriptortest

import (
	"strings"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	echov1 "github.com/grpcaud/grpcaud/proto/grpcaud/echo/v1"
)

// Shop returns the .proto files of the company's orders and of the echo service, of a
// package shop, which this process does not know.
func Shop() *descriptorpb.FileDescriptorSet {
	text, err := prototext.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(ordersv1.File_acme_orders_v1_order_status_proto),
		protodesc.ToFileDescriptorProto(echov1.File_grpcaud_echo_v1_echo_proto),
	}})
	if err != nil {
		panic(err) // they are valid
	}
	set := &descriptorpb.FileDescriptorSet{}
	if err := prototext.Unmarshal([]byte(strings.NewReplacer("acme", "shop", "grpcaud", "shop").Replace(string(text))), set); err != nil {
		panic(err) // names of the same kind
	}
	return set
}
