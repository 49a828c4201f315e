package usercall

import (
	"context"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/examples/portals/internal/order"
	"github.com/grpcaud/grpcaud/examples/portals/internal/signin"
	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// Watch is a feed of the changes of an order. It outlives the user's token, and ends with the
// user's session.
func (c *Caller) Watch(orders ordersv1.OrderStatusClient, id string) signin.Feed {
	return func(ctx context.Context, s *signin.Session, send func(string, any) error) *web.Problem {
		ctx, cancel := s.Calls(ctx)
		defer cancel()
		open := func(ctx context.Context) (grpc.ServerStreamingClient[ordersv1.WatchOrderStatusResponse], error) {
			return orders.WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{OrderId: id})
		}
		for reply, err := range interceptor.ResumeStream(ctx, open) {
			if err == nil {
				err = send("order", order.Of(reply.GetOrder()).Event())
			}
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				problem := c.Problem(s, err)
				return &problem
			}
		}
		return nil
	}
}
