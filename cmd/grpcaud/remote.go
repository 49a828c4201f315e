package main

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

	"github.com/grpcaud/grpcaud/internal/nearest"
)

// remote is a method of a server.
type remote struct {
	full string                        // its name
	desc protoreflect.MethodDescriptor // nil if it is not known what it takes
	json *dynamicpb.Types              // for messages within messages
	why  error                         // why it is not known
}

// describe finds out what a method takes and returns: from the descriptors, from
// what is built in, or else from the server.
func (a *asker) describe(ctx context.Context, conn *grpc.ClientConn, full string) (*remote, error) {
	grpc, name, _ := strings.Cut(strings.TrimPrefix(full, "/"), "/")
	t, err := newTypes(a.set.set)
	if err != nil {
		return nil, err
	}
	var why error
	service := t.service(grpc)
	if service == nil {
		if found, err := reflected(ctx, conn, grpc); err == nil {
			t, service = found, found.service(grpc)
		} else {
			why = err
		}
	}
	switch {
	case service == nil && name == everyMethod:
		return nil, fmt.Errorf("name a method: the matrix lets %q call every method of %s, and names none", a.name, grpc)
	case service == nil:
		return &remote{full: full, why: why}, nil
	}
	method := service.Methods().ByName(protoreflect.Name(name))
	if name == everyMethod && service.Methods().Len() > 0 {
		method = service.Methods().Get(0)
	}
	if method == nil {
		return nil, fmt.Errorf("%s has no method %q%s", grpc, name, nearest.Hint(name, methodsOf(service)))
	}
	return newRemote(t, method), nil
}

// newRemote returns a method as far as it is described.
func newRemote(t types, method protoreflect.MethodDescriptor) *remote {
	m := &remote{full: "/" + string(method.Parent().FullName()) + "/" + string(method.Name())}
	seen := map[protoreflect.FullName]bool{}
	if name := cmp.Or(lacking(method.Input(), seen), lacking(method.Output(), seen)); name != "" {
		m.why = fmt.Errorf("%s is not described", name)
		return m
	}
	m.desc, m.json = method, dynamicpb.NewTypes(t.own)
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

// requests reads what to send.
func (m *remote) requests(data string) ([]proto.Message, error) {
	switch path, isFile := strings.CutPrefix(data, "@"); {
	case data == "" && m.desc == nil:
		return []proto.Message{&emptypb.Empty{}}, nil
	case data == "":
		return []proto.Message{dynamicpb.NewMessage(m.desc.Input())}, nil
	case m.desc == nil:
		return nil, fmt.Errorf("what %s takes is not known: give --descriptors, or have the matrix open reflection (%s)", m.full, bare(status.Convert(m.why).Message()))
	case isFile:
		text, err := read(path, maxRequest)
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
		return nil, fmt.Errorf("%s takes one request, got %d", m.full, len(all))
	}
	return all, nil
}

// exchange makes the call. On the wire every call is a stream, so that its kind
// need not be known. It hands over each reply as it comes.
func (m *remote) exchange(ctx context.Context, conn *grpc.ClientConn, requests []proto.Message, each func(reply any) error) error {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, m.full)
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
		text, err := m.spell(reply)
		if err != nil {
			return err
		}
		if err := each(text); err != nil {
			return err
		}
	}
}

func (m *remote) reply() proto.Message {
	if m.desc == nil {
		return &emptypb.Empty{}
	}
	return dynamicpb.NewMessage(m.desc.Output())
}

// opaque is a message of which nothing else is known.
type opaque struct {
	Bytes  int    `json:"bytes"`
	Base64 []byte `json:"base64,omitempty"`
}

// spell returns a message to be written as JSON.
func (m *remote) spell(reply proto.Message) (any, error) {
	if m.desc == nil {
		unknown := reply.ProtoReflect().GetUnknown()
		return opaque{len(unknown), unknown}, nil
	}
	text, err := protojson.MarshalOptions{Resolver: m.json}.Marshal(reply)
	return json.RawMessage(text), err
}
