package conformance_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/tokensource"
)

// A method is one method of the company's services.
type method struct{ shape, service, full string }

var (
	getOrderStatus   = method{"unary", "order-status", "/acme.orders.v1.OrderStatus/GetOrderStatus"}
	watchOrderStatus = method{"stream", "order-status", "/acme.orders.v1.OrderStatus/WatchOrderStatus"}
	getEmployee      = method{"unary", "human-resource", "/acme.hr.v1.HumanResource/GetEmployee"}
)

// call makes a call with an empty message, and returns "admitted" or the reason of the
// refusal.
func (m method) call(t *testing.T, conn *grpc.ClientConn, opts ...grpc.CallOption) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := m.try(ctx, conn, opts...)
	if err == nil {
		return "admitted"
	}
	if reason, ok := interceptor.ReasonOf(err); ok {
		return string(reason)
	}
	return err.Error()
}

func (m method) try(ctx context.Context, conn *grpc.ClientConn, opts ...grpc.CallOption) error {
	if m.shape == "unary" {
		return conn.Invoke(ctx, m.full, &emptypb.Empty{}, &emptypb.Empty{}, opts...)
	}
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, m.full, opts...)
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

// bearing makes a call carry a token, whatever its audience.
func bearing(token string) grpc.CallOption {
	return grpc.PerRPCCredentials(interceptor.AsService(tokensource.Func(func(context.Context, tokensource.Request) (tokensource.Token, error) {
		return tokensource.NewToken(token, time.Time{}), nil
	}), "whomever"))
}

// want tests the results of calls with a token, unary and streaming, and the cause in
// the log.
func (c *company) want(t *testing.T, conn *grpc.ClientConn, token, verdict, cause string) {
	t.Helper()
	for _, m := range []method{getOrderStatus, watchOrderStatus} {
		c.journal.cause()
		if got := m.call(t, conn, bearing(token)); got != verdict {
			t.Errorf("%s: got %s, want %s", m.shape, got, verdict)
		}
		if got := c.journal.cause(); got != cause {
			t.Errorf("%s: the log has cause %q, want %q", m.shape, got, cause)
		}
	}
}
