package usercall

import (
	"context"
	"net/http"

	"github.com/grpcaud/grpcaud/examples/portals/internal/signin"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
)

// Orders returns the orders that a user may see. If it returns false, the page says why not.
func (c *Caller) Orders(w http.ResponseWriter, r *http.Request, s *signin.Session, from ordersv1.OrderStatusClient) ([]*ordersv1.Order, bool) {
	reply, err := Do(r, s, func(ctx context.Context) (*ordersv1.ListOrdersResponse, error) {
		return from.ListOrders(ctx, &ordersv1.ListOrdersRequest{})
	})
	if err != nil {
		c.Fail(w, r, s, err)
	}
	return reply.GetOrders(), err == nil
}

// Order returns the order that the address of a page names. If it returns false, the page
// says why not.
func (c *Caller) Order(w http.ResponseWriter, r *http.Request, s *signin.Session, from ordersv1.OrderStatusClient) (*ordersv1.GetOrderStatusResponse, bool) {
	reply, err := Do(r, s, func(ctx context.Context) (*ordersv1.GetOrderStatusResponse, error) {
		return from.GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{OrderId: r.PathValue("id")})
	})
	if err != nil {
		c.Fail(w, r, s, err)
	}
	return reply, err == nil
}
