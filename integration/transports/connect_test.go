package transports_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/interceptor/connectguard"
)

// overConnect carries calls to handlers of Connect, in each of the protocols that they
// speak.
func (c *company) overConnect(t *testing.T) []transport {
	t.Helper()
	mux := http.NewServeMux()
	for _, m := range methods {
		mux.Handle(m.name, connectHandler(m))
	}
	handler, err := connectguard.New(c.admit, mux)
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, handler, true)
	var all []transport
	for _, protocol := range []struct {
		name string
		opts []connect.ClientOption
	}{
		{"Connect", nil},
		{"Connect, gRPC", []connect.ClientOption{connect.WithGRPC()}},
		{"Connect, gRPC-Web", []connect.ClientOption{connect.WithGRPCWeb()}},
	} {
		all = append(all, transport{protocol.name, func(ctx context.Context, m method, authorization []string) string {
			client := connect.NewClient[emptypb.Empty, emptypb.Empty](server.Client(), server.URL+m.name, protocol.opts...)
			return connectVerdict(m.connect(ctx, client, authorization))
		}})
	}
	return all
}

// connectHandler answers every call of a method.
func connectHandler(m method) http.Handler {
	if !m.stream {
		return connect.NewUnaryHandler(m.name, func(context.Context, *connect.Request[emptypb.Empty]) (*connect.Response[emptypb.Empty], error) {
			return connect.NewResponse(&emptypb.Empty{}), nil
		})
	}
	return connect.NewBidiStreamHandler(m.name, func(_ context.Context, stream *connect.BidiStream[emptypb.Empty, emptypb.Empty]) error {
		return stream.Send(&emptypb.Empty{})
	})
}

// connect calls the method with these values of authorization.
func (m method) connect(ctx context.Context, client *connect.Client[emptypb.Empty, emptypb.Empty], authorization []string) error {
	if !m.stream {
		request := connect.NewRequest(&emptypb.Empty{})
		request.Header()["Authorization"] = authorization
		_, err := client.CallUnary(ctx, request)
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream := client.CallBidiStream(ctx)
	stream.RequestHeader()["Authorization"] = authorization
	// What keeps these from being sent is what Receive returns.
	_ = stream.Send(&emptypb.Empty{})
	_ = stream.CloseRequest()
	_, err := stream.Receive()
	return errors.Join(err, stream.CloseResponse())
}

func connectVerdict(err error) string {
	if err == nil {
		return admitted
	}
	if refusal, ok := errors.AsType[*connect.Error](err); ok {
		for _, detail := range refusal.Details() {
			if value, err := detail.Value(); err == nil {
				if info, ok := value.(*errdetails.ErrorInfo); ok {
					return info.GetReason()
				}
			}
		}
	}
	return err.Error()
}
