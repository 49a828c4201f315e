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
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
	"github.com/grpcaud/grpcaud/internal/nearest"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// Method is a method of a server.
type Method struct {
	FullName string                        // its name
	desc     protoreflect.MethodDescriptor // nil if it is not known what it takes
	json     *dynamicpb.Types              // for messages within messages
	why      error                         // why it is not known
}

// Describe finds out what a method takes and returns: from the descriptors, from
// what is built in, or else from the server.
func Describe(ctx context.Context, a *tokenrequest.Request, conn *grpc.ClientConn, full string) (*Method, error) {
	grpc, name, _ := strings.Cut(strings.TrimPrefix(full, "/"), "/")
	t, err := descriptor.NewTypes(a.Descriptors.Files)
	if err != nil {
		return nil, err
	}
	var why error
	service := t.Service(grpc)
	if service == nil {
		if found, err := readByReflection(ctx, conn, grpc); err == nil {
			t, service = found, found.Service(grpc)
		} else {
			why = err
		}
	}
	switch {
	case service == nil && name == descriptor.EveryMethod:
		return nil, fmt.Errorf("name a method: the matrix lets %q call every method of %s, and names none", a.ClientName, grpc)
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

// NewMethod returns a method as far as it is described.
func NewMethod(t descriptor.Types, method protoreflect.MethodDescriptor) *Method {
	m := &Method{FullName: "/" + string(method.Parent().FullName()) + "/" + string(method.Name())}
	seen := map[protoreflect.FullName]bool{}
	if name := cmp.Or(descriptor.Missing(method.Input(), seen), descriptor.Missing(method.Output(), seen)); name != "" {
		m.why = fmt.Errorf("%s is not described", name)
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

// maxRequest is the size of the largest file with requests, in bytes.
const maxRequest = 4 << 20

// Requests reads what to send.
func (m *Method) Requests(data string) ([]proto.Message, error) {
	switch path, isFile := strings.CutPrefix(data, "@"); {
	case data == "" && m.desc == nil:
		return []proto.Message{&emptypb.Empty{}}, nil
	case data == "":
		return []proto.Message{dynamicpb.NewMessage(m.desc.Input())}, nil
	case m.desc == nil:
		return nil, fmt.Errorf("what %s takes is not known: give --descriptors, or have the matrix open reflection (%s)", m.FullName, output.StripPackage(status.Convert(m.why).Message()))
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

// Call makes the call. On the wire every call is a stream, so that its kind
// need not be known. It hands over each reply as it comes.
func (m *Method) Call(ctx context.Context, conn *grpc.ClientConn, requests []proto.Message, each func(reply any) error) error {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, m.FullName)
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
				return // RecvMsg tells why
			}
		}
		_ = stream.CloseSend() // always nil
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

// rawMessage is a message of which nothing else is known.
type rawMessage struct {
	Bytes  int    `json:"bytes"`
	Base64 []byte `json:"base64,omitempty"`
}

// format returns a message to be written as JSON.
func (m *Method) format(reply proto.Message) (any, error) {
	if m.desc == nil {
		unknown := reply.ProtoReflect().GetUnknown()
		return rawMessage{len(unknown), unknown}, nil
	}
	text, err := protojson.MarshalOptions{Resolver: m.json}.Marshal(reply)
	return json.RawMessage(text), err
}
