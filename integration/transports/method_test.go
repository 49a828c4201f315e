package transports_test

import (
	"context"
	"errors"
	"io"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/interceptor"
)

// A method is a method of the company, and a request of the operation of its name.
type method struct {
	name   string // of gRPC
	stream bool
	target string // the method of HTTP and the path
	body   string
}

const (
	orderStatus   = "/acme.orders.v1.OrderStatus/"
	humanResource = "/acme.hr.v1.HumanResource/"
)

var methods = []method{
	{orderStatus + "GetOrderStatus", false, "GET /v1/orders/o-1", ""},
	{orderStatus + "ListOrders", false, "GET /v1/orders", ""},
	{orderStatus + "WatchOrderStatus", true, "GET /v1/orders/o-1/changes", ""},
	{orderStatus + "UpdateOrderStatus", false, "PUT /v1/orders/o-1/status", "{}"},
	{humanResource + "GetEmployee", false, "GET /v1/employees/e-1", ""},
	{humanResource + "ListEmployees", true, "GET /v1/employees", ""},
	{humanResource + "ReviewEmployees", true, "POST /v1/reviews", "{}"},
}

// short is the name of the method within its service.
func (m method) short() string { return m.name[strings.LastIndexByte(m.name, '/')+1:] }

// service is the name of its service in the access matrix.
func (m method) service() string {
	if strings.HasPrefix(m.name, humanResource) {
		return "human-resource"
	}
	return "order-status"
}

const (
	admitted = "admitted"
	notSent  = "not sent" // gRPC's client sends no such header
)

// call calls the method over gRPC with these values of authorization. It returns
// "admitted", or why it was refused.
func (m method) call(ctx context.Context, conn *grpc.ClientConn, authorization []string) string {
	for _, value := range authorization {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", value)
	}
	err := m.invoke(ctx, conn)
	if err == nil {
		return admitted
	}
	if reason, ok := interceptor.ReasonOf(err); ok {
		return string(reason)
	}
	if status.Code(err) == codes.Internal && strings.Contains(err.Error(), "non-printable ASCII") {
		return notSent
	}
	return err.Error()
}

func (m method) invoke(ctx context.Context, conn *grpc.ClientConn) error {
	if !m.stream {
		return conn.Invoke(ctx, m.name, &emptypb.Empty{}, &emptypb.Empty{})
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, m.name)
	if err != nil {
		return err
	}
	// What keeps these from being sent is what RecvMsg returns.
	_ = stream.SendMsg(&emptypb.Empty{})
	_ = stream.CloseSend()
	for {
		if err := stream.RecvMsg(&emptypb.Empty{}); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
