package remote

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
	"github.com/grpcaud/grpcaud/internal/nearest"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// Method is a method of a server, as far as it is described.
type Method struct {
	FullName string                        // "/grpc.Service/Method"
	desc     protoreflect.MethodDescriptor // nil if its messages are not known
	json     *dynamicpb.Types              // for messages in Any
	why      string                        // why its messages are not known
}

// Describe finds the messages of a method: in the descriptors, among those that are
// compiled in, or else by asking the server.
func Describe(ctx context.Context, a *tokenrequest.Request, conn *grpc.ClientConn, full string) (*Method, error) {
	grpc, name, _ := strings.Cut(strings.TrimPrefix(full, "/"), "/")
	t, err := descriptor.NewTypes(a.Descriptors.Files)
	if err != nil {
		return nil, err
	}
	var why string
	service := t.Service(grpc)
	if service == nil {
		if found, err := readByReflection(ctx, conn, grpc); err == nil {
			t, service = found, found.Service(grpc)
		} else {
			why = reflectionFailure(err)
		}
	}
	switch {
	case service == nil && name == descriptor.EveryMethod:
		return nil, fmt.Errorf("name a method: the matrix names none of %[2]s, which %[1]q may call", a.ClientName, grpc)
	case service == nil:
		return &Method{FullName: full, why: why}, nil
	}
	method := service.Methods().ByName(protoreflect.Name(name))
	if name == descriptor.EveryMethod && service.Methods().Len() > 0 {
		method = service.Methods().Get(0)
	}
	if method == nil {
		return nil, fmt.Errorf("%s has no method %q%s", grpc, name, nearest.Hint(name, methodsOf(service)))
	}
	return NewMethod(t, method), nil
}

// NewMethod returns a method of a service that is described.
func NewMethod(t descriptor.Types, method protoreflect.MethodDescriptor) *Method {
	m := &Method{FullName: "/" + string(method.Parent().FullName()) + "/" + string(method.Name())}
	seen := map[protoreflect.FullName]bool{}
	if name := cmp.Or(descriptor.Missing(method.Input(), seen), descriptor.Missing(method.Output(), seen)); name != "" {
		m.why = fmt.Sprintf("its type %s is not described", name)
		return m
	}
	m.desc, m.json = method, dynamicpb.NewTypes(t.Own)
	return m
}

func methodsOf(service protoreflect.ServiceDescriptor) []string {
	var names []string
	for i := range service.Methods().Len() {
		names = append(names, string(service.Methods().Get(i).Name()))
	}
	return names
}

// maxRequest is the size of the largest file of requests that is read, in bytes.
const maxRequest = 4 << 20

// Requests reads the requests from their JSON, or from the file after an @. Without
// data it is one empty message.
func (m *Method) Requests(data string) ([]proto.Message, error) {
	switch path, isFile := strings.CutPrefix(data, "@"); {
	case data == "" && m.desc == nil:
		return []proto.Message{&emptypb.Empty{}}, nil
	case data == "":
		return []proto.Message{dynamicpb.NewMessage(m.desc.Input())}, nil
	case m.desc == nil:
		return nil, fmt.Errorf("-d cannot be used: the messages of %s are not known, since %s; give --descriptors", m.FullName, m.why)
	case isFile:
		text, err := regularfile.Read(path, maxRequest)
		if err != nil {
			return nil, err
		}
		data = string(text)
	}
	var all []proto.Message
	for decoder := json.NewDecoder(strings.NewReader(data)); ; {
		var one json.RawMessage
		err := decoder.Decode(&one)
		if errors.Is(err, io.EOF) {
			break
		}
		request := dynamicpb.NewMessage(m.desc.Input())
		if err == nil {
			err = protojson.UnmarshalOptions{Resolver: m.json}.Unmarshal(one, request)
		}
		if err != nil {
			return nil, fmt.Errorf("request %d: %w", len(all)+1, err)
		}
		all = append(all, request)
	}
	if len(all) != 1 && !m.desc.IsStreamingClient() {
		return nil, fmt.Errorf("%s takes one request, got %d", m.FullName, len(all))
	}
	return all, nil
}

// Call makes the call, and passes each reply on as it arrives. On the wire every call is
// a stream, so that the kind of the method need not be known.
func (m *Method) Call(ctx context.Context, conn *grpc.ClientConn, requests []proto.Message, each func(reply any) error, opts ...grpc.CallOption) error {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, m.FullName, opts...)
	if err != nil {
		cancel()
		return err
	}
	var sending sync.WaitGroup
	defer sending.Wait()
	defer cancel()
	sending.Go(func() {
		for _, request := range requests {
			if stream.SendMsg(request) != nil {
				return // RecvMsg returns the error
			}
		}
		_ = stream.CloseSend() // its error is always nil
	})
	for {
		reply := m.reply()
		switch err := stream.RecvMsg(reply); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		text, err := m.format(reply)
		if err != nil {
			return err
		}
		if err := each(text); err != nil {
			return err
		}
	}
}

func (m *Method) reply() proto.Message {
	if m.desc == nil {
		return &emptypb.Empty{}
	}
	return dynamicpb.NewMessage(m.desc.Output())
}

// rawMessage is a message of an unknown type.
type rawMessage struct {
	Bytes  int    `json:"bytes"`
	Base64 []byte `json:"base64,omitempty"`
}

// format returns a message in a form that can be written as JSON.
func (m *Method) format(reply proto.Message) (any, error) {
	if m.desc == nil {
		unknown := reply.ProtoReflect().GetUnknown()
		return rawMessage{len(unknown), unknown}, nil
	}
	text, err := protojson.MarshalOptions{Resolver: m.json}.Marshal(reply)
	return json.RawMessage(text), err
}
